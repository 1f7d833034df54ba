nodemem top
exit: 2
stderr: yes
# stdin and stdout are no terminals here
