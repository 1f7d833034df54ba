nodemem doctor --assume-node lts
exit: 2
stderr: yes
