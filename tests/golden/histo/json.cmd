nodemem histo --top 1 --via copy --json PID
target: idle.js
