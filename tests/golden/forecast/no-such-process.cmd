nodemem forecast 4194304
exit: 3
stderr: yes
