nodemem stat PYTHON
exit: 3
stderr: yes
