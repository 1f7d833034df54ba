nodemem doctor --assume-node 26 --assume-memory 256M
exit: 5
numbers: any
# what the machine has differs
