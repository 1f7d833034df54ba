nodemem serve --token-file run.py
exit: 4
stderr: yes
# Everybody may read it.
