nodemem doctor --assume-node 24 1
exit: 2
stderr: yes
