nodemem dump -o /tmp/x
exit: 2
stderr: yes
