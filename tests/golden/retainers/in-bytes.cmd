nodemem retainers --bytes --class Map --top 2 ../fixtures/snapshots/small-n24.heapsnapshot.zst
