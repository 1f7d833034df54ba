nodemem retainers --id 90021 --top 3 ../fixtures/snapshots/small-n24.heapsnapshot.zst
