nodemem limits --help
