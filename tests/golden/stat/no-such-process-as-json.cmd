nodemem stat --json 4194303
exit: 3
stderr: yes
