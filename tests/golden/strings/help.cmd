nodemem strings --help
