nodemem dump -o /dev/null PID
target: idle.js
exit: 1
stderr: yes
