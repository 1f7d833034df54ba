nodemem serve PYTHON x
exit: 2
stderr: yes
