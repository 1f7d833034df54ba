nodemem doctor PYTHON
exit: 3
stderr: yes
