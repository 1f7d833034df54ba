nodemem retainers --id 7065 ../fixtures/snapshots/small-n24.heapsnapshot.zst
