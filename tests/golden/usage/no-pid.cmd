nodemem usage
exit: 2
stderr: yes
