nodemem diff --top 4 ../fixtures/snapshots/small-n20.heapsnapshot.zst ../fixtures/snapshots/small-n24.heapsnapshot.zst
# Two processes: what comes of it means little, but it is always the same.
