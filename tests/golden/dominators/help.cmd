nodemem dominators --help
