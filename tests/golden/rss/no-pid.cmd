nodemem rss
exit: 2
stderr: yes
