nodemem heap ../fuzz/corpus/snapshot/empty
exit: 1
stderr: yes
