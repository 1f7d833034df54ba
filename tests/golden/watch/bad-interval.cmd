nodemem watch --interval soon PID
exit: 2
stderr: yes
target: idle.js
