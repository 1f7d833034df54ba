nodemem why ../fixtures/why/kernel-cgroup-v1.txt
