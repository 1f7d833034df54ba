nodemem buffers --via magic 1
exit: 2
stderr: yes
