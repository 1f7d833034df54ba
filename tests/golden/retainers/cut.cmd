nodemem retainers --id 1 ../fuzz/corpus/snapshot/cut
exit: 1
stderr: yes
