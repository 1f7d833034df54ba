nodemem histo --since targets/usage.json 1
exit: 1
stderr: yes
