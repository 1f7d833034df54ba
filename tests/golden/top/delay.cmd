nodemem top --batch --delay 5ms
exit: 2
stderr: yes
