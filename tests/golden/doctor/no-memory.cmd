nodemem doctor --assume-memory lots --assume-node 24
exit: 2
stderr: yes
