nodemem forecast --duration 100ms --interval 20ms --json PID
target: --max-old-space-size=64 idle.js
