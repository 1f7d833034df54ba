nodemem why ../fixtures/snapshots/small-n24.heapsnapshot.zst
exit: 1
stderr: yes
