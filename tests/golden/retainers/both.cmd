nodemem retainers --id 1 --class Map ../fixtures/snapshots/small-n24.heapsnapshot.zst
exit: 2
stderr: yes
