nodemem dump --help
