nodemem forecast --help
