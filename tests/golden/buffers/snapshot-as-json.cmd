nodemem buffers --json --top 1 ../fixtures/snapshots/small-n24.heapsnapshot.zst
