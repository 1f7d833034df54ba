nodemem stat
exit: 2
stderr: yes
