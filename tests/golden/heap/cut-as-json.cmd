nodemem heap --json ../fuzz/corpus/snapshot/cut
exit: 1
stderr: yes
