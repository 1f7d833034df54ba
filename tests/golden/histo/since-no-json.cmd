nodemem histo --since targets/idle.js 1
exit: 1
stderr: yes
