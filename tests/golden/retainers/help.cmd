nodemem retainers --help
