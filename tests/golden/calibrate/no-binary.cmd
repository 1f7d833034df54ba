nodemem calibrate
exit: 2
stderr: yes
