nodemem usage 99999999999999999999
exit: 2
stderr: yes
