nodemem diff --fail-growth much a b
exit: 2
stderr: yes
