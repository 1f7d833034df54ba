nodemem histo targets/idle.js
exit: 2
stderr: yes
