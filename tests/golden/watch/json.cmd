nodemem watch --count 2 --interval 20ms --json PID
target: idle.js
