nodemem dominators ../fixtures/snapshots/small-n24.heapsnapshot.zst
