nodemem heap --bytes --top 3 ../fixtures/snapshots/small-n20.heapsnapshot.zst
