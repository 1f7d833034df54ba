nodemem leaks ../fixtures/snapshots/small-n24.heapsnapshot.zst ../fixtures/snapshots/small-n24.heapsnapshot.zst
