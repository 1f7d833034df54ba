nodemem report -o /tmp/x 4194303
exit: 3
stderr: yes
