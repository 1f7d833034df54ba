#!/usr/bin/env python3
"""Write a text file as a macro that is a C string: embed.py INPUT OUTPUT NAME"""
import sys


def main():
    source, target, name = sys.argv[1:]
    with open(source, encoding='utf-8') as file:
        lines = file.read().splitlines()
    with open(target, 'w', encoding='utf-8') as file:
        file.write(f'#define {name} \\\n')
        for line in lines:
            text = line.replace('\\', '\\\\').replace('"', '\\"').replace('\t', '\\t')
            file.write(f'\t"{text}\\n" \\\n')
        file.write('\t""\n')


main()
