nodemem usage 12x
exit: 2
stderr: yes
