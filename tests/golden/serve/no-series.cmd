nodemem serve --max-series 0
exit: 2
stderr: yes
