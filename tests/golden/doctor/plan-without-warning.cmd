nodemem doctor --assume-node v26.3.0 --assume-memory 1G
numbers: any
