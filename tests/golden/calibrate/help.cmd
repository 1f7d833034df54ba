nodemem calibrate --help
