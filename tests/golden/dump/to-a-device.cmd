nodemem dump -o /dev/null/x PID
target: idle.js
exit: 1
stderr: yes
