nodemem usage PYTHON
exit: 3
stderr: yes
