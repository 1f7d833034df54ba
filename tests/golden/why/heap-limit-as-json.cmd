nodemem why --json ../fixtures/crashlog/heap-limit-26.10.0.txt
