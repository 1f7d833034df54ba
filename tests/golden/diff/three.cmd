nodemem diff --top 3 ../fixtures/snapshots/small-n20.heapsnapshot.zst ../fixtures/snapshots/small-n24.heapsnapshot.zst ../fixtures/snapshots/small-n24.heapsnapshot.zst
