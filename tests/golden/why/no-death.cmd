nodemem why ../fixtures/why/README
exit: 1
