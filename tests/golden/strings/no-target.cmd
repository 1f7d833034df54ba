nodemem strings
exit: 2
stderr: yes
