nodemem run
exit: 2
stderr: yes
