nodemem run --help
