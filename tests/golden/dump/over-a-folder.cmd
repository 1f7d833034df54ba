nodemem dump -o targets PID
target: idle.js
exit: 1
stderr: yes
