nodemem calibrate --json /bin/true
exit: 3
stderr: yes
