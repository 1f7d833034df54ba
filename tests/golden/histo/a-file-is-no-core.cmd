nodemem histo targets/idle.js
exit: 1
stderr: yes
