nodemem usage --json PID
target: idle.js
node: 20
