nodemem ps --sort size
exit: 2
stderr: yes
