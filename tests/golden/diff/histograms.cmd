nodemem diff targets/before.json targets/after.json
