nodemem why ../fixtures/crashlog/invalid-size-20.20.2.txt
