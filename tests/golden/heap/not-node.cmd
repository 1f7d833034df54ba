nodemem heap PYTHON
exit: 3
stderr: yes
