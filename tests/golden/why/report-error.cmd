nodemem why ../fixtures/why/report-error-24.21.0.json
