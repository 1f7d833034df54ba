nodemem top --batch -n 1 --json --pid PID
target: idle.js
