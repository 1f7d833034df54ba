nodemem usage -i --bytes PID
target: idle.js
node: 20
