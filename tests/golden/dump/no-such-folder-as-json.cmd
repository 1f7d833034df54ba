nodemem dump --json -o /no/such/folder/file PID
target: idle.js
exit: 1
stderr: yes
