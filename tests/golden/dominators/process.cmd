nodemem dominators --depth 0 PID
target: idle.js
node: 24
