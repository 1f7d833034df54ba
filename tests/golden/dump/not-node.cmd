nodemem dump -o /tmp/x PYTHON
exit: 3
stderr: yes
