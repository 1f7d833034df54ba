nodemem buffers --json 4194303
exit: 3
stderr: yes
