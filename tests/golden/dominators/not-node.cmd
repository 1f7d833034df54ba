nodemem dominators PYTHON
exit: 3
stderr: yes
