nodemem watch --interval 1ms PID
exit: 2
stderr: yes
target: idle.js
