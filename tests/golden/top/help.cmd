nodemem top --help
