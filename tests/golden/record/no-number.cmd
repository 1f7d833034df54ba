nodemem record -o out.nmrec nonsense
exit: 2
stderr: yes
