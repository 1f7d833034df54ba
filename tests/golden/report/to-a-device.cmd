nodemem report -o /dev/null ../fixtures/snapshots/small-n24.heapsnapshot.zst
exit: 1
stderr: yes
