nodemem usage --help
