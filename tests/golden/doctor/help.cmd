nodemem doctor --help
