nodemem --help
