nodemem histo --top 1 --via copy --bytes --garbage PID
target: idle.js
