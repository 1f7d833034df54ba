nodemem why ../fixtures/why/report-signal-22.23.3.json
exit: 1
