nodemem ps --help
