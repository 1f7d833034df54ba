nodemem limits PYTHON
exit: 3
stderr: yes
