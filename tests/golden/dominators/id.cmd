nodemem dominators --id 90021 ../fixtures/snapshots/small-n24.heapsnapshot.zst
