nodemem diff --top 1 --fail-growth 10M --fail-class Function=1000 ../fixtures/snapshots/small-n20.heapsnapshot.zst ../fixtures/snapshots/small-n24.heapsnapshot.zst
