nodemem histo --top 1 --via copy PID
target: worker.js
