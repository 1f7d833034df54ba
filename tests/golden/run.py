#!/usr/bin/env python3
"""Runs command lines and compares what they print with what they printed before.

    run.py [--nodemem PROGRAM] [--update] FOLDER|CASE.cmd...

A case is two files, CASE.cmd and CASE.out. The first line of the .cmd file is the command line,
without a shell; in it, the word `nodemem` is the program built, NODE a Node.js binary, PID the
process of the case's target and PYTHON that of this runner, which is no Node.js; in what is printed,
HERE is this folder. Then come, in any order, as far as they differ from the usual:

    exit: 2            the exit code; otherwise 0
    stderr: yes        stderr is compared too, below the line "--- stderr"; otherwise it must be
                       empty
    numbers: any       any number will do: digits become N, blanks between columns two
    target: SCRIPT     with this script of targets/ running, which has printed one line;
                       means `numbers: any`. Options for node go before the script
    node: 20           with this release line of Node.js; otherwise the newest at hand
    env: NAME=VALUE    in the environment
    # words            why the case is there

Speaks TAP. A case whose Node.js is not at hand is skipped.
"""
import argparse
import difflib
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT_S = 60
KEYS = {'exit', 'stderr', 'numbers', 'target', 'node', 'env'}


class Skip(Exception):
    pass


def read_case(path):
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith('#')]
    case = {'command': lines[0], 'env': [], 'exit': '0'}
    for line in lines[1:]:
        key, colon, value = line.partition(': ')
        if key not in KEYS or not colon:
            raise ValueError(f'{path}: cannot read: {line}')
        if key == 'env':
            case['env'].append(value.partition('=')[::2])
        else:
            case[key] = value
    return case


def cached_nodes():
    """(version, binary) of the releases which tools/node-versions has fetched."""
    cache = os.environ.get('NODEMEM_NODE_CACHE')
    if not cache:
        home = os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'
        cache = pathlib.Path(home) / 'nodemem' / 'node'
    for binary in pathlib.Path(cache).glob('*/bin/node'):
        name = binary.parent.parent.name
        if re.fullmatch(r'\d+(\.\d+)*', name):
            yield tuple(map(int, name.split('.'))), str(binary)


def find_node(line):
    """A Node.js of the release line; the newest in the cache, or else the one in PATH."""
    nodes = [(version, binary) for version, binary in cached_nodes()
             if not line or version[0] == int(line)]
    if nodes:
        return max(nodes)[1]
    binary = shutil.which('node')
    if binary:
        version = subprocess.run([binary, '--version'], capture_output=True, text=True).stdout
        if not line or version.startswith(f'v{line}.'):
            return binary
    raise Skip(f'no Node.js {line or ""} here (tools/node-versions fetches it)')


def any_numbers(text):
    """Digits become N, but not those of the words V8 and of a schema."""
    text = re.sub(r'\b[vV]8\b(?!\.)|\bnodemem/\w+/\d+|\d+',
                  lambda match: 'N' if match.group(0).isdigit() else match.group(0), text)
    return re.sub(r'(?<=\S) {2,}|(?<=\n) +(?=-?N|PID\b)', '  ', text)


class Target:
    """A running script; gone at the end of the block."""

    def __init__(self, node, words):
        *options, script = shlex.split(words)
        self.process = subprocess.Popen([node, *options, HERE / 'targets' / script],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self):
        if not self.process.stdout.readline():
            raise RuntimeError(f'the target ended: {self.process.wait()}')
        return self.process.pid

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def run_command(case, nodemem, node, pid):
    """The exit code and the text that the case compares."""
    names = {'nodemem': nodemem, 'NODE': node, 'PID': pid and str(pid),
             'PYTHON': str(os.getpid())}
    words = [names.get(word) or word for word in shlex.split(case['command'])]
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(('NODE_', 'NODEMEM_')) and name not in ('NO_COLOR', 'COLUMNS')}
    env.update({'LC_ALL': 'C', 'TERM': 'dumb'})
    env.update(case['env'])
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env=env, cwd=HERE, timeout=TIMEOUT_S)
    text, errors = done.stdout, done.stderr
    shown = [(str(pid or ''), 'PID'), (names['PYTHON'], 'PYTHON'),
             (os.readlink('/proc/self/exe'), 'PROGRAM'), (node or '', 'NODE'), (str(HERE), 'HERE')]
    for found, word in shown:
        if found:
            text, errors = (re.sub(rf'(?<!\w){re.escape(found)}(?!\w)', word, part)
                            for part in (text, errors))
    if case.get('numbers') == 'any' or 'target' in case:
        text, errors = any_numbers(text), any_numbers(errors)
    if errors:
        text += '--- stderr\n' + errors
    return done.returncode, text


def run_case(path, nodemem, update):
    """Lines that say what is wrong; none when all is well."""
    case = read_case(path)
    needs_node = 'target' in case or 'node' in case or 'NODE' in shlex.split(case['command'])
    node = find_node(case.get('node')) if needs_node else None
    if 'target' in case:
        with Target(node, case['target']) as pid:
            code, text = run_command(case, nodemem, node, pid)
    else:
        code, text = run_command(case, nodemem, node, None)

    wrong = []
    if code != int(case['exit']):
        wrong.append(f'exit code {code}, not {case["exit"]}')
    if 'stderr' not in case and '--- stderr\n' in text:
        wrong.append('stderr is not empty, and the case does not say `stderr: yes`')
        wrong += text.splitlines()
    out = path.with_suffix('.out')
    if update and not wrong:
        out.write_text(text)
    expected = out.read_text() if out.exists() else ''
    if not wrong and text != expected:
        wrong += difflib.unified_diff(expected.splitlines(), text.splitlines(), out.name,
                                      'printed now', lineterm='', n=1)
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--nodemem', default=HERE.parent.parent / 'build' / 'src' / 'nodemem')
    parser.add_argument('--update', action='store_true', help='write the .out files anew')
    parser.add_argument('places', nargs='+', type=pathlib.Path)
    args = parser.parse_args()
    nodemem = str(pathlib.Path(args.nodemem).resolve())

    cases = [case for place in args.places
             for case in ([place] if place.suffix == '.cmd' else sorted(place.glob('*.cmd')))]
    if not cases:
        print(f'1..1\nnot ok 1 - there are no cases in {" ".join(map(str, args.places))}')
        return 1
    print(f'1..{len(cases)}')
    failed = 0
    for number, path in enumerate(cases, 1):
        try:
            wrong = run_case(path, nodemem, args.update)
        except Skip as why:
            print(f'ok {number} - {path.stem} # SKIP {why}')
            continue
        except (OSError, RuntimeError, ValueError, subprocess.TimeoutExpired) as error:
            wrong = [str(error)]
        failed += bool(wrong)
        print(f'{"not ok" if wrong else "ok"} {number} - {path.stem}')
        for line in wrong:
            print(f'# {line}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
