nodemem record -o out.nmrec
exit: 2
stderr: yes
