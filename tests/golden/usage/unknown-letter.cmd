nodemem usage -Z 1
exit: 2
stderr: yes
