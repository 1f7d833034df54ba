nodemem why ../fixtures/why/report-worker-20.20.2.json
