nodemem top --batch --sort size
exit: 2
stderr: yes
