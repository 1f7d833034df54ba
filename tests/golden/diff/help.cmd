nodemem diff --help
