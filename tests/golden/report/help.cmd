nodemem report --help
