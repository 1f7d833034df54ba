nodemem dominators
exit: 2
stderr: yes
