nodemem histo --help
