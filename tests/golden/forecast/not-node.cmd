nodemem forecast PYTHON
exit: 3
stderr: yes
