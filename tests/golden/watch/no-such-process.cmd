nodemem watch 4000000
exit: 3
stderr: yes
