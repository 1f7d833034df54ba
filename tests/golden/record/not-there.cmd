nodemem record -o out.nmrec 4194303
exit: 3
stderr: yes
