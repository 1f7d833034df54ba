nodemem leaks --json --top 1 ../fixtures/snapshots/small-n20.heapsnapshot.zst ../fixtures/snapshots/small-n24.heapsnapshot.zst
