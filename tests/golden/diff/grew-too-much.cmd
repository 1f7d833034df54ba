nodemem diff --top 1 --fail-growth 1M --fail-class Function=100 ../fixtures/snapshots/small-n20.heapsnapshot.zst ../fixtures/snapshots/small-n24.heapsnapshot.zst
exit: 5
stderr: yes
