nodemem rss PYTHON
exit: 3
stderr: yes
