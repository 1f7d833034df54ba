nodemem buffers --help
