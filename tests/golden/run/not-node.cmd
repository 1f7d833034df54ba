nodemem run -- /bin/true
stderr: yes
numbers: any
