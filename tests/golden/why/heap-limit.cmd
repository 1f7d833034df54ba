nodemem why ../fixtures/crashlog/heap-limit-22.23.3.txt
