nodemem watch --count 2 --interval 20ms --csv PID
target: idle.js
