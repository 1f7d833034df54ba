nodemem watch PYTHON
exit: 3
stderr: yes
