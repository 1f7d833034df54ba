nodemem diff ../fixtures/snapshots/small-n20.heapsnapshot.zst /no/such/file
exit: 2
stderr: yes
