nodemem why ../fixtures/why/kernel-group.txt
# All of the group were killed, and each is told once.
