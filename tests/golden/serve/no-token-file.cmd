nodemem serve --token-file /nowhere/token
exit: 1
stderr: yes
