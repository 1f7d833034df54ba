nodemem histo /no/such/core
exit: 2
stderr: yes
