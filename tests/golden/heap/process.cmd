nodemem heap --top 1 PID
target: idle.js
node: 24
