nodemem heap --help
