nodemem retainers --json --top 1 --class BuiltinModule ../fixtures/snapshots/small-n24.heapsnapshot.zst
