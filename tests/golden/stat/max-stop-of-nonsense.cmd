nodemem stat --max-stop soon 1
exit: 2
stderr: yes
