nodemem histo --top 1 --via copy PID
target: idle.js
