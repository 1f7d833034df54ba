nodemem why ../fixtures/why/kernel-3.10.txt
