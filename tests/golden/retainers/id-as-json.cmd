nodemem retainers --json --id 7065 --top 2 ../fixtures/snapshots/small-n24.heapsnapshot.zst
