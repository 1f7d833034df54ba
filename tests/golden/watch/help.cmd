nodemem watch --help
