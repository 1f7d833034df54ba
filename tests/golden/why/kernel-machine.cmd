nodemem why ../fixtures/why/kernel-machine.txt
# What systemd says of it is no second death.
