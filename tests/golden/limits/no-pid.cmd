nodemem limits
exit: 2
stderr: yes
