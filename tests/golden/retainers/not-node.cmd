nodemem retainers --id 1 PYTHON
exit: 3
stderr: yes
