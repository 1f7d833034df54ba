nodemem dominators --id 4294967295 ../fixtures/snapshots/small-n24.heapsnapshot.zst
exit: 1
stderr: yes
