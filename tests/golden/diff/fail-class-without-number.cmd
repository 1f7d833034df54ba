nodemem diff --fail-class Session a b
exit: 2
stderr: yes
