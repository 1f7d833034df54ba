nodemem usage -v PID
target: idle.js
node: 20
stderr: yes
