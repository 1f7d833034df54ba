nodemem usage PID
target: idle.js
