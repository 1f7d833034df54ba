nodemem forecast --duration soon 1
exit: 2
stderr: yes
