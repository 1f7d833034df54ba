nodemem usage --json nonsense
exit: 2
stderr: yes
