nodemem heap
exit: 2
stderr: yes
