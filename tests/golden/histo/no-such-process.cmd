nodemem histo 4194303
exit: 3
stderr: yes
