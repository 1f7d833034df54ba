nodemem dump -o /tmp/x --via magic 1
exit: 2
stderr: yes
