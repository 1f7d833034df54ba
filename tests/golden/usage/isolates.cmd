nodemem usage -i PID
target: idle.js
node: 20
