nodemem watch --count 2 --interval 20ms PID
target: idle.js
