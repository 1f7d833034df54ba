nodemem top --batch -n 1 --pid PYTHON
exit: 3
stderr: yes
