nodemem why ../fixtures/why/pod.txt
