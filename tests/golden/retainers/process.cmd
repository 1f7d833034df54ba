nodemem retainers --class global --top 1 PID
target: idle.js
node: 24
