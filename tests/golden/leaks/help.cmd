nodemem leaks --help
