nodemem histo PYTHON
exit: 3
stderr: yes
