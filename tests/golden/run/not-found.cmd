nodemem run -- /nonexistent/program
exit: 127
stderr: yes
