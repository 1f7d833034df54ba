nodemem usage PID
target: worker.js
node: 20
