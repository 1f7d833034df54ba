nodemem dominators --json --depth 2 --top 2 ../fixtures/snapshots/small-n24.heapsnapshot.zst
