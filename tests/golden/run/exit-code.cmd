nodemem run -- /bin/sh -c 'exit 7'
exit: 7
stderr: yes
numbers: any
