nodemem calibrate /nonexistent/node
exit: 1
stderr: yes
