nodemem serve --listen 0.0.0.0:0
exit: 2
stderr: yes
