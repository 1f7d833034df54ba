nodemem retainers --id 1 ../fixtures/snapshots/small-n24.heapsnapshot.zst
