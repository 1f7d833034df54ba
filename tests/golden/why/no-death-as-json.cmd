nodemem why --json ../fixtures/why/README
exit: 1
