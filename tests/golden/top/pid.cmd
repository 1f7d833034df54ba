nodemem top --batch --pid 1,x
exit: 2
stderr: yes
