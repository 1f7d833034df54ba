nodemem usage 1 2
exit: 2
stderr: yes
