nodemem why ../fixtures/why/report-table-24.21.0.json
