#!/usr/bin/env python3
"""Checks the rules of this project that no compiler knows. Run: tools/check_style.py

Each rule is a function that yields (place, what is wrong). CONTRIBUTING.md tells the rules.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Who may include whom: ARCHITECTURE.md. The longest matching prefix of the including file counts.
# Anything but the preloaded library may include nodemem.h.
SOURCE = ['base/', 'model/']
ARROWS = {
    'src/base/': ['base/'],
    'src/model/': ['base/', 'model/'],
    'src/source/proc/': SOURCE + ['source/proc/'],
    'src/source/elf/': SOURCE + ['source/elf/'],
    'src/source/snapshot/': SOURCE + ['source/snapshot/'],
    'src/source/recording/': SOURCE + ['source/recording/'],
    'src/source/inspector/': SOURCE + ['source/inspector/'],
    'src/source/trace/': SOURCE + ['source/trace/'],
    'src/source/remote/': SOURCE + ['source/remote/', 'source/elf/', 'source/proc/'],
    'src/source/v8/': SOURCE + ['source/v8/', 'source/remote/', 'source/elf/', 'source/proc/'],
    'src/source/malloc/': SOURCE + ['source/malloc/', 'source/remote/', 'source/elf/',
                                    'source/proc/'],
    'src/source/': SOURCE + ['source/'],
    'src/view/': ['base/', 'model/', 'view/'],
    'src/cmd/': ['base/', 'model/', 'source/', 'view/', 'cmd/'],
    'src/preload/': ['source/trace/wire.h'],
    'include/': [],
    'examples/': [],
}
PUBLIC_HEADER = 'nodemem.h'
# header that the build writes -> whose it is
GENERATED_HEADERS = {'calibrate_script.h': 'src/source/v8/', 'command_list.h': 'src/cmd/',
                     'live_page.h': 'src/view/html/', 'live_script.h': 'src/view/html/',
                     'live_style.h': 'src/view/html/', 'report_head.h': 'src/view/html/',
                     'report_tail.h': 'src/view/html/', 'version.h': 'src/cmd/'}

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 80
# path or path:function -> why it may be longer
EXCUSED = {}

LIBRARY = ('src/base/', 'src/model/', 'src/source/')
BANNED = {name: why for names, why in [
    ('strcpy strcat sprintf gets', 'no bound'),
    ('atoi', 'nonsense reads as 0'),
    ('strtok', 'hidden state'),
    ('alloca', 'no bound'),
] for name in names.split()}
BANNED_IN_LIBRARY = {name: 'the library never prints and never ends the program'
                     for name in 'printf vprintf puts putchar perror exit abort'.split()}

# A version is compared where the layouts are chosen and, as each release line of Node sizes its heap
# in another way, in the table of those ways; nowhere else.
VERSION_PLACES = ('src/source/v8/layout.c', 'src/source/v8/layout_table.c',
                  'src/model/node_rule.c')
VERSION_TEST = re.compile(r'\b(major|minor|build|patch)\b\s*(?:[<>]=?|[=!]=)\s*\(?\s*\w'
                          r'|"v?(?!127\.0\.0\.1)\d+\.\d+\.\d+[^"\s]*"')

# A package is named, never the host it comes from.
HOST = re.compile(r'(?://|registry\s*=\s*)(?:[^\s/"\'@]*@)?'
                  r'[a-z0-9.-]*(?:registry|artifact|mirror|nexus|proxy)[a-z0-9-]*\.[a-z0-9.-]+'
                  r'|"resolved"\s*:\s*"http', re.IGNORECASE)

# Bytes that are data to a test, kept as they are.
DATA = ('tests/fuzz/corpus/', 'tests/fixtures/')


def list_files():
    listing = subprocess.run(['git', '-C', ROOT, 'ls-files', '-co', '--exclude-standard'],
                             capture_output=True, text=True)
    if listing.returncode == 0:
        names = listing.stdout.splitlines()
    else:
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob('*')]
        names = [name for name in names
                 if not re.match(r'(build[^/]*|\.git)(/|$)|(.*/)?node_modules/', name)]
    return sorted(name for name in set(names)
                  if (ROOT / name).is_file() and not name.startswith(DATA))


def read_texts():
    """Path -> text of every file that is text."""
    texts = {}
    for name in list_files():
        content = (ROOT / name).read_bytes()
        if b'\0' not in content:
            texts[name] = content.decode('utf-8', errors='replace')
    return texts


def blank(match):
    """The same number of lines without the words."""
    text = match.group(0)
    if text.startswith('/'):
        return re.sub(r'[^\n]', ' ', text)
    return text[0] + ' ' * (len(text) - 2) + text[-1]


TOKENS = r'/\*.*?\*/|//[^\n]*'
QUOTED = r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''


def without_comments(text):
    return re.sub(f'{TOKENS}|{QUOTED}',
                  lambda match: blank(match) if match.group(0).startswith('/') else match.group(0),
                  text, flags=re.DOTALL)


def code_only(text):
    """Comments and the inside of texts blanked out."""
    return re.sub(f'{TOKENS}|{QUOTED}', blank, text, flags=re.DOTALL)


def numbered(text):
    return enumerate(text.splitlines(), 1)


def is_c(path):
    return path.endswith(('.c', '.h'))


def commands():
    text = (ROOT / 'src/cmd/meson.build').read_text()
    listed = re.search(r'^commands = \[(.*?)\]', text, re.DOTALL | re.MULTILINE)
    return re.findall(r"'([a-z0-9_-]+)'", listed.group(1))


def includes(path, text):
    for number, line in numbered(without_comments(text)):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if match:
            yield f'{path}:{number}', match.group(1)


def check_arrows(texts):
    names = commands()
    for path, text in texts.items():
        prefixes = [prefix for prefix in ARROWS if path.startswith(prefix)]
        if not is_c(path) or not prefixes:
            continue
        allowed = ARROWS[max(prefixes, key=len)]
        for place, header in includes(path, text):
            if header == PUBLIC_HEADER:
                if path.startswith('src/preload/'):
                    yield place, 'the preloaded library includes libc and wire.h only'
            elif header in GENERATED_HEADERS:
                if not path.startswith(GENERATED_HEADERS[header]):
                    yield place, f'{header} is for {GENERATED_HEADERS[header]} alone'
            elif not any(header.startswith(prefix) for prefix in allowed):
                yield place, f'may not include "{header}" (ARCHITECTURE.md: who may include whom)'
            elif f'src/{header}' not in texts:
                yield place, f'no src/{header}: includes are written from src/'
            elif header.startswith('cmd/') and header[4:-2] in names and \
                    path != f'src/{header[:-2]}.c':
                yield place, 'a command may not include the file of another command'


def check_header_cycles(texts):
    graph = {path[4:]: [header for _, header in includes(path, text)]
             for path, text in texts.items() if path.startswith('src/') and path.endswith('.h')}
    done = set()

    def walk(header, way):
        if header in way:
            yield f'src/{header}', 'headers go in a circle: ' + ' > '.join(way + [header])
            return
        if header in done:
            return
        done.add(header)
        for following in graph.get(header, []):
            yield from walk(following, way + [header])

    for header in graph:
        yield from walk(header, [])


def check_lengths(texts):
    for path, text in texts.items():
        if not path.endswith(('.c', '.h', '.py', '.js', '.sh')):
            continue
        count = len(text.splitlines())
        if count > FILE_LINES_MAX and path not in EXCUSED:
            yield path, f'{count} lines, at most {FILE_LINES_MAX}: which two things is it?'
        if path.endswith('.c'):
            yield from check_functions(path, text)


def check_functions(path, text):
    """A function opens with '{' and closes with '}' in the first column: .clang-format."""
    lines = code_only(text).splitlines()
    start = None
    for number, line in enumerate(lines, 1):
        if line == '{':
            start = number
        elif line == '}' and start:
            above = ' '.join(lines[max(0, start - 6):start - 1])
            names = re.findall(r'(\w+)\((?:[^()]|\([^()]*\))*\)\s*$', above)
            name = names[-1] if names else '?'
            count = number - start + 1
            if count > FUNCTION_LINES_MAX and f'{path}:{name}' not in EXCUSED:
                yield f'{path}:{start}', f'{name}(): {count} lines, at most {FUNCTION_LINES_MAX}'
            start = None


def check_excuses(texts):
    for excused in EXCUSED:
        path, _, name = excused.partition(':')
        if path not in texts or name and f'{name}(' not in texts[path]:
            yield excused, 'is excused but not there'


def check_calls(texts):
    for path, text in texts.items():
        if not is_c(path):
            continue
        banned = dict(BANNED)
        in_library = path.startswith(LIBRARY)
        if in_library:
            banned.update(BANNED_IN_LIBRARY)
        pattern = re.compile(r'(?<![\w.>])(' + '|'.join(banned) + r')\s*\(')
        for number, line in numbered(code_only(text)):
            for name in pattern.findall(line):
                yield f'{path}:{number}', f'{name}(): {banned[name]}'
            if in_library and re.search(r'\b(stderr|stdout)\b', line):
                yield f'{path}:{number}', 'the library never prints'


def check_header_comments(texts):
    for path, text in texts.items():
        if path.startswith(('src/', 'include/')) and path.endswith('.h'):
            name = path.rpartition('/')[2]
            if not text.startswith(f'/*\n * {name} - '):
                yield f'{path}:1', f'opens with a comment "{name} - what it is"'


def check_commands(texts):
    if 'man/nodemem.1.md' not in texts:
        yield 'man/nodemem.1.md', 'the program has no man page'
    for name in commands():
        if f'man/nodemem-{name}.1.md' not in texts:
            yield f'src/cmd/{name}.c', f'no man page man/nodemem-{name}.1.md'
        if not any(path.startswith(f'tests/golden/{name}/') and path.endswith('.cmd')
                   for path in texts):
            yield f'src/cmd/{name}.c', f'no case in tests/golden/{name}/'


def check_metrics(texts):
    path = 'src/model/metrics.c'
    text = without_comments(texts[path])
    table = re.search(r'\bnm_metrics\[\]\s*=\s*\{(.*?)\n\};', text, re.DOTALL)
    rows = re.findall(r'\{\s*"(\w+)"\s*,\s*"([^"]*)"\s*,\s*([^{}]*?)\bOF_\w+\(', table.group(1),
                      re.DOTALL)
    if len(rows) != len(re.findall(r'\bOF_\w+\(', table.group(1))):
        yield path, 'a row of the metric table is not {"key", "column", "help", OF_...(...)}'
    for key, _, help_text in rows:
        if len(''.join(re.findall(r'"([^"]*)"', help_text))) < 10:
            yield path, f'{key} has no help text'


def check_versions(texts):
    for path, text in texts.items():
        if not path.startswith('src/') or not path.endswith('.c') or path in VERSION_PLACES:
            continue
        for number, line in numbered(without_comments(text)):
            if VERSION_TEST.search(line):
                yield f'{path}:{number}', 'a version of V8 or Node is looked at outside the layouts'


def check_hosts(texts):
    for path, text in texts.items():
        for number, line in numbered(text):
            if HOST.search(line):
                yield f'{path}:{number}', 'names the host of a package registry'


def check_blanks(texts):
    for path, text in texts.items():
        if path.startswith('tests/golden/') and path.endswith('.out'):
            continue
        for number, line in numbered(text):
            if line != line.rstrip():
                yield f'{path}:{number}', 'blanks at the end of the line'
        if text and not text.endswith('\n'):
            yield path, 'no line break at the end'


RULES = [check_arrows, check_header_cycles, check_lengths, check_excuses, check_calls,
         check_header_comments, check_commands, check_metrics, check_versions, check_hosts,
         check_blanks]


def main():
    texts = read_texts()
    found = [problem for rule in RULES for problem in rule(texts)]
    for place, what in found:
        print(f'{place}: {what}')
    print(f'{len(texts)} files, {len(RULES)} rules, {len(found)} broken')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
