nodemem why --last many x
exit: 2
stderr: yes
