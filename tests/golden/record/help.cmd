nodemem record --help
