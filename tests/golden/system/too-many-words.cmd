nodemem system 1
exit: 2
stderr: yes
