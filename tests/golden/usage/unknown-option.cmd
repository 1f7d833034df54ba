nodemem usage --frobnicate 1
exit: 2
stderr: yes
