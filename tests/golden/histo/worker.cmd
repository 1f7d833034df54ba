nodemem histo --isolate worker-1 --top 1 --via copy PID
target: worker.js
