nodemem report -o /tmp/x
exit: 2
stderr: yes
