nodemem why
exit: 2
stderr: yes
