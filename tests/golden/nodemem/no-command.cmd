nodemem
exit: 2
stderr: yes
