nodemem diff --json targets/before.json targets/after.json
