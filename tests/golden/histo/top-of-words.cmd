nodemem histo --top many 1
exit: 2
stderr: yes
