nodemem report -o /tmp/x targets/idle.js
exit: 1
stderr: yes
