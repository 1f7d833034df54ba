nodemem serve --help
