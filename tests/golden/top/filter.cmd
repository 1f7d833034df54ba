nodemem top --batch -n 1 --pid PID --filter nosuchprocess
target: idle.js
