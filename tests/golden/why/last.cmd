nodemem why --last 1 ../fixtures/why/supervisors.log
