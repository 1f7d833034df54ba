nodemem retainers --class BuiltinModule --top 3 ../fixtures/snapshots/small-n24.heapsnapshot.zst
