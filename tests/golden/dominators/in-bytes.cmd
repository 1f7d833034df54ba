nodemem dominators --bytes --depth 2 --top 3 ../fixtures/snapshots/small-n24.heapsnapshot.zst
