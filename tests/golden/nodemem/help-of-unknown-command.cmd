nodemem help frobnicate
exit: 2
stderr: yes
