nodemem strings --top 5 ../fixtures/snapshots/small-n24.heapsnapshot.zst
