nodemem heap --top few 1
exit: 2
stderr: yes
