nodemem forecast
exit: 2
stderr: yes
