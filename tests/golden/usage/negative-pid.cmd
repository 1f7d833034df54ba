nodemem usage -- -1
exit: 2
stderr: yes
