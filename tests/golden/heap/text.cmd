nodemem heap ../fixtures/snapshots/small-n24.heapsnapshot.zst
# The numbers are those of small-n24.devtools.json.
