nodemem rss --help
