nodemem histo --since targets 1
exit: 1
stderr: yes
