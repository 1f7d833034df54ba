nodemem histo
exit: 2
stderr: yes
