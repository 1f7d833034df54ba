nodemem buffers PYTHON
exit: 3
stderr: yes
