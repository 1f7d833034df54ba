nodemem heap /no/such/file
exit: 2
stderr: yes
