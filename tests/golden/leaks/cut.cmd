nodemem leaks ../fixtures/snapshots/small-n24.heapsnapshot.zst ../fuzz/corpus/snapshot/cut
exit: 1
stderr: yes
