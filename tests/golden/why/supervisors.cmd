nodemem why --last 0 ../fixtures/why/supervisors.log
