nodemem record -o out.nmrec --max-size 1k 1
exit: 2
stderr: yes
