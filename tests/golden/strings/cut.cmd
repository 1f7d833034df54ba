nodemem strings ../fuzz/corpus/snapshot/cut
exit: 1
stderr: yes
