nodemem record -o out.nmrec -d 5s -- true
exit: 2
stderr: yes
