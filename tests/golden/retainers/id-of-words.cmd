nodemem retainers --id few ../fixtures/snapshots/small-n24.heapsnapshot.zst
exit: 2
stderr: yes
