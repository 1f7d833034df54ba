nodemem strings --json --top 2 ../fixtures/snapshots/small-n20.heapsnapshot.zst
