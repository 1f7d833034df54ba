nodemem histo --max-stop 0 1
exit: 2
stderr: yes
