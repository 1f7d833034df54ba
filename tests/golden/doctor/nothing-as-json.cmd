nodemem doctor PID --json
target: --max-old-space-size=100 --max-semi-space-size=16 idle.js
