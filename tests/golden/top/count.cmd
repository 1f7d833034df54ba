nodemem top --count 3
exit: 2
stderr: yes
