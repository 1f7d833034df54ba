nodemem calibrate /bin/true
exit: 3
stderr: yes
