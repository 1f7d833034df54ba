nodemem serve --listen example.org:80
exit: 2
stderr: yes
