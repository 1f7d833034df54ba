#!/usr/bin/env python3
"""Compares screens that top-screens draws with those in drawn/, to the character.

    drawn.py TOP_SCREENS [--update]

Speaks TAP.
"""
import difflib
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SIZES = ['80x24', '120x40', '200x50']

# name -> the words of the command line behind the program, and the locale
CASES = {f'{page}-{size}': ([page, size], 'C.UTF-8')
         for page in ('list', 'overview', 'heaps', 'classes', 'history', 'help') for size in SIZES}
CASES.update({f'{page}-ascii': ([page, '80x24'], 'C') for page in ('list', 'overview', 'history')})
CASES.update({
    'tree': (['list', '80x24', 't'], 'C.UTF-8'),
    'tree-ascii': (['list', '80x24', 't'], 'C'),
    'menu': (['list', '80x24', 'F6', 'Down'], 'C.UTF-8'),
    'filter': (['list', '80x24', 'F4', 'w', 'o', 'r', 'k'], 'C.UTF-8'),
    'filter-without-a-match': (['list', '80x24', 'F4', 'x', 'y', 'Enter'], 'C.UTF-8'),
    'search-without-a-match': (['list', '80x24', '/', 'x', 'y'], 'C.UTF-8'),
    'sorted-by-name': (['list', '80x24', 'N', 'End'], 'C.UTF-8'),
    'sorted-by-time': (['list', '80x24', 'T'], 'C.UTF-8'),
    'lowest': (['list', '80x12'], 'C.UTF-8'),
    'too-small': (['list', '79x24'], 'C.UTF-8'),
    'question': (['classes', '80x24', 'h'], 'C.UTF-8'),
    'scrolled-to-the-end': (['classes', '80x24', 'End'], 'C.UTF-8'),
    'history-of-buffers': (['history', '80x24', 'Up', 'z'], 'C.UTF-8'),
    'history-fitted': (['history', '80x24', 'z'], 'C.UTF-8'),
})


def main():
    program = sys.argv[1]
    failed = 0
    print(f'1..{len(CASES)}')
    for number, (name, (words, locale)) in enumerate(CASES.items(), 1):
        done = subprocess.run([program, *words], capture_output=True, text=True, check=False,
                              timeout=60, env={'LC_ALL': locale, 'TERM': 'xterm'})
        path = HERE / 'drawn' / f'{name}.txt'
        if '--update' in sys.argv:
            path.write_text(done.stdout, encoding='utf-8')
        expected = path.read_text(encoding='utf-8') if path.exists() else ''
        good = done.returncode == 0 and done.stdout == expected
        failed += not good
        print(f'{"ok" if good else "not ok"} {number} - {name}')
        if not good:
            for line in difflib.unified_diff(expected.splitlines(), done.stdout.splitlines(),
                                             'expected', 'drawn', lineterm='', n=1):
                print(f'# {line}')
            print(f'# exit code {done.returncode} {done.stderr}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
