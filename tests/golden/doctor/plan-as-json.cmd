nodemem doctor --assume-node 26 --assume-memory 256M --json
exit: 5
numbers: any
