#!/usr/bin/env python3
"""symbols.py LIBRARY.so NODEMEM.H: the library exports what the header marks NM_API, only that."""
import re
import subprocess
import sys

library, header = sys.argv[1:]
lines = subprocess.run(['nm', '--dynamic', '--defined-only', library], check=True,
                       capture_output=True, text=True).stdout.splitlines()
exported = {line.split()[-1].partition('@')[0] for line in lines}
with open(header, encoding='utf-8') as file:
    text = re.sub(r'/\*.*?\*/', '', file.read(), flags=re.DOTALL)
promised = set(re.findall(r'^NM_API\b[^;]*?\b(\w+)\s*\(', text, re.MULTILINE))

wrong = [f'{name} is exported and not in nodemem.h' for name in sorted(exported - promised)]
wrong += [f'{name} is in nodemem.h and not exported' for name in sorted(promised - exported)]
wrong += [f'{name} does not begin with nm_' for name in sorted(promised)
          if not name.startswith('nm_')]
print('\n'.join(wrong) or f'{len(exported)} functions')
sys.exit(1 if wrong or not exported else 0)
