#!/usr/bin/env python3
"""Write a text file as a macro that is a C string: embed.py INPUT OUTPUT NAME"""
import re
import sys


def main():
    source, target, name = sys.argv[1:]
    with open(source, encoding='utf-8') as file:
        lines = file.read().split('\n')
    with open(target, 'w', encoding='utf-8') as file:
        file.write(f'#define {name} \\\n')
        for i, line in enumerate(lines):
            text = re.sub(r'[\\"?]', r'\\\g<0>', line).replace('\t', '\\t')
            end = '\\n' if i + 1 < len(lines) else ''
            file.write(f'\t"{text}{end}" \\\n')
        file.write('\t""\n')


main()
