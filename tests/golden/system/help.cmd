nodemem system --help
