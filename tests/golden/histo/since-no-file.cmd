nodemem histo --since /no/such/file 1
exit: 1
stderr: yes
