nodemem dominators --depth 101 ../fixtures/snapshots/small-n24.heapsnapshot.zst
exit: 2
stderr: yes
