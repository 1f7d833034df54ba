nodemem --version
numbers: any
