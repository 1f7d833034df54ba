nodemem buffers
exit: 2
stderr: yes
