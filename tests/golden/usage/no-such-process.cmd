# above any pid_max that a kernel allows by default, below its greatest
nodemem usage 4194303
exit: 3
stderr: yes
