nodemem why /no/such/file
exit: 1
stderr: yes
