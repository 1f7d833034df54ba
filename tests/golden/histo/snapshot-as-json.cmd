nodemem histo --json --top 1 ../fixtures/snapshots/small-n20.heapsnapshot.zst
