nodemem why ../fixtures/why/report-cut-22.23.3.json
