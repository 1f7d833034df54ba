nodemem leaks --top 1 ../fixtures/snapshots/small-n20.heapsnapshot.zst ../fixtures/snapshots/small-n24.heapsnapshot.zst
# What comes of it means nothing, but it is always the same.
