nodemem top --batch -n 1 --pid PID
target: idle.js
