nodemem report --json -o /no/such/folder/x.html ../fixtures/snapshots/small-n24.heapsnapshot.zst
exit: 1
stderr: yes
