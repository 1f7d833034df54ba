nodemem forecast --interval 1ms 1
exit: 2
stderr: yes
