nodemem why ../fixtures/why/report-small-26.10.0.json
