nodemem why --help
