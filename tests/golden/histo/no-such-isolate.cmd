nodemem histo --isolate worker-9 PID
target: idle.js
exit: 2
stderr: yes
