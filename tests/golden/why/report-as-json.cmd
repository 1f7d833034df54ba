nodemem why --json ../fixtures/why/report-large-18.20.8.json
