nodemem stat --help
