nodemem why ../fixtures/why/inspect.json
