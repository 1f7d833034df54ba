#!/usr/bin/env python3
"""`nodemem top` in a terminal of tmux, with real Node processes.

    top.py NODEMEM NODE_CACHE [--update]

Screens are compared with those in screens/, in which whatever depends on the moment stands as a word or N. Speaks
TAP. Without tmux or a Node.js all is skipped.
"""
import difflib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

from tmux import Terminal

HERE = pathlib.Path(__file__).resolve().parent
GROUPS = ['vN heap', 'vN code', 'array buffers', 'malloc', 'stacks', 'program', 'libraries', 'addons',
          'mapped files', 'shared', 'wasm', 'other']
SIZES = [(80, 24), (120, 40), (200, 50)]

nodemem = os.path.abspath(sys.argv[1])
update = '--update' in sys.argv


def find_node():
    places = [pathlib.Path(place) for place in sys.argv[2:3] if place and place[0] != '-']
    places.append(pathlib.Path(os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache') /
                  'nodemem' / 'node')
    for place in places:
        found = sorted(place.glob('22.*/bin/node')) or sorted(place.glob('2*/bin/node'))
        if found:
            return str(found[-1])
    return shutil.which('node')


class Family:
    """Three Node processes: a parent and two children."""

    def __init__(self, node):
        self.node = node
        self.process = subprocess.Popen([node, HERE / 'targets' / 'family.js'],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b'ready\n'
        path = f'/proc/{self.process.pid}/task'
        children = []
        for task in os.listdir(path):
            with open(f'{path}/{task}/children', encoding='ascii') as file:
                children += file.read().split()
        self.children = sorted(map(int, children))
        self.pids = [self.process.pid, *self.children]

    def command(self, *options):
        return ' '.join([nodemem, 'top', '--pid', ','.join(map(str, self.pids)), *options])

    def end(self):
        self.process.communicate()


def expect(condition, *what):
    if not condition:
        raise AssertionError(' '.join(map(str, what)))


def normalise(text, family):
    """What depends on the moment becomes a word; columns stay where they are."""
    for number, pid in enumerate(family.pids):
        text = text.replace(str(pid).rjust(7), f'PID{number}'.rjust(7)).replace(
            f'process {pid}', f'process PID{number}')
    text = re.sub(r'(?<![^ \n])/\S.*$', 'COMMAND', text, flags=re.MULTILINE)
    text = re.sub(r'\[[█ ]*\]', '[METER]', text)
    text = re.sub(r'[▁▂▃▄▅▆▇█░▒▓]+', '~', text)
    text = re.sub(r'[\u2801-\u28ff]+', '~', text)
    text = re.sub(r'[↗→↘·]', '?', text)
    text = re.sub(r'\d+(\.\d+)*', 'N', text)
    # What else there is depends on the machine and its control groups, and the ledger on the moment.
    text = re.sub(r' (no swap|swap N. of N.)', ' SWAP', text)
    text = re.sub(r'^(?!heapSizeLimit|machine |Machine )\S+ .*\[METER\]( <-first)?', '', text, flags=re.MULTILINE)
    text = re.sub(rf'({"|".join(GROUPS)}) +N \w+ +N%.*$', '', text, flags=re.MULTILINE)
    text = re.sub(r'\(read [^)]*\)', '(read)', text.replace(' <-first', ''))
    text = re.sub(r'\bN ?(ms|s|min|h|B|KiB|MiB|GiB|[KMGT])\b', 'N', text)
    # A chart has another curve each time.
    text = re.sub(r'(?<=[│┤])[ ~]*$', '', text, flags=re.MULTILINE)
    text = '\n'.join(re.sub(r' {2,}', '  ', line).rstrip() for line in text.split('\n'))
    # Where a sentence is broken depends on how many digits its numbers had.
    text = re.sub(r'(?<=\n)(No histogram|It is too early|No trend)[^\n]*(\n[^\n]+)+',
                  lambda sentence: ' '.join(sentence[0].split()), text)
    return re.sub(r'\n{3,}', '\n\n', text)


def compare(name, text, family):
    text = normalise(text, family)
    path = HERE / 'screens' / f'{name}.txt'
    if update:
        path.write_text(text, encoding='utf-8')
    expected = path.read_text(encoding='utf-8') if path.exists() else ''
    expect(text == expected, name, *difflib.unified_diff(
        expected.splitlines(), text.splitlines(), 'expected', 'seen', lineterm='\n', n=0))


def start(terminal, family, *options):
    terminal.keys('clear; stty -g > before; ' + family.command(*options), 'Enter')
    # All three are there, and a sparkline stands for at least one sample.
    for pid in family.pids:
        terminal.see(rf'^ *{pid} .*▁|^ *{pid} .*_')


def order(terminal, family):
    """The processes in the order of their rows."""
    rows = re.findall(r'^ *(\d+) ', terminal.screen(), re.MULTILINE)
    return [family.pids.index(int(pid)) for pid in rows if int(pid) in family.pids]


def expect_whole(terminal):
    """The terminal is as it was before: its modes, its cursor, its screen, and the shell listens."""
    terminal.wait('the shell', lambda: terminal.ask('pane_current_command') == 'bash' and
                  terminal.ask('alternate_on') == '0')
    terminal.keys('', '')
    terminal.keys('Enter')
    terminal.keys('stty -g > after; cmp before after && echo who''le', 'Enter')
    terminal.see(r'^whole$')
    expect(terminal.ask('mouse_any_flag') == '0', 'the mouse still reports')
    expect(terminal.ask('cursor_flag') == '1', 'the cursor is hidden')


# ---- screens ---------------------------------------------------------------------------------

def list_and_pages_look_as_expected(family):
    if '/22.' not in family.node:
        return 'the screens are those of Node.js 22'
    for columns, rows in SIZES:
        with Terminal(columns, rows) as terminal:
            start(terminal, family, '--tree')
            size = f'{columns}x{rows}'
            compare(f'list-{size}', terminal.screen(), family)
            terminal.keys('Enter')
            # The ledger is there when its groups are.
            compare(f'overview-{size}', terminal.see(r'libraries +\d'), family)
            terminal.keys('2')
            compare(f'heaps-{size}', terminal.see('spaces of main'), family)
            terminal.keys('3')
            compare(f'classes-{size}', terminal.see('Press h to take one'), family)
            terminal.keys('4')
            compare(f'history-{size}', terminal.see('now$'), family)
            terminal.keys('?')
            compare(f'help-{size}', terminal.see('Keys in the list'), family)
            terminal.keys('F10')
            expect_whole(terminal)


def a_terminal_that_is_too_small_says_so(family):
    with Terminal(60, 20) as terminal:
        terminal.keys(family.command(), 'Enter')
        terminal.see(r'60 x 20 is too small')
        terminal.keys('q')
        terminal.wait('the end', lambda: terminal.ask('alternate_on') == '0')


def eight_colours_and_none_and_ascii_work(family):
    with Terminal(80, 24, term='screen') as terminal:
        start(terminal, family)
        expect('\x1b[32m' in terminal.screen('-e'), 'no green in eight colours')
        expect(not re.search(r'\x1b\[[34]8;', terminal.screen('-e')), 'more than eight colours')
        terminal.keys('q')
        expect_whole(terminal)
    with Terminal(80, 24, env={'NO_COLOR': '1', 'LC_ALL': 'C'}) as terminal:
        start(terminal, family, '--tree')
        text = terminal.screen('-e')
        expect(not re.search(r'\x1b\[[34][0-7]', text), 'colours in spite of NO_COLOR')
        expect(text.isascii(), 'more than ASCII in the locale C')
        terminal.keys('Enter', '4')
        expect(re.search(r'\*', terminal.see(r'now$')), 'no curve in ASCII')
        terminal.keys('F10')
        expect_whole(terminal)


# ---- keys ------------------------------------------------------------------------------------

def keys_sort_filter_search_and_make_a_tree(family):
    with Terminal(120, 40) as terminal:
        start(terminal, family, '--sort', 'pid')
        by_pid = [family.pids.index(pid) for pid in sorted(family.pids)]
        expect(order(terminal, family) == by_pid, 'not by pid:', order(terminal, family))
        terminal.keys('I')
        terminal.wait('the order turned round', lambda: order(terminal, family) == by_pid[::-1])
        # The one with buffers is the last child.
        worker = family.pids.index(max(family.pids, key=rss_of))
        terminal.keys('M')
        terminal.wait('the order by rss', lambda: order(terminal, family)[0] == worker)
        terminal.keys('F5')
        terminal.see(r'├ family\.js')
        terminal.see(r'└ family\.js')
        terminal.keys('t')
        terminal.wait('no tree', lambda: '├' not in terminal.screen())
        terminal.keys('F4')
        terminal.type(str(family.pids[0]))
        terminal.wait('the filter', lambda: order(terminal, family) == [0])
        terminal.keys('Enter')
        terminal.see(r"1 with '")
        terminal.keys('F4', 'Escape')
        terminal.wait('all rows', lambda: len(order(terminal, family)) == 3)
        terminal.keys('F6')
        terminal.see('Sort by')
        terminal.keys('Up', 'Up', 'Enter')
        terminal.wait('the order of the menu', lambda: order(terminal, family) == by_pid)
        terminal.keys('/')
        terminal.type(str(family.pids[1]))
        terminal.keys('Enter', 'Enter')
        terminal.see(rf'^process {family.pids[1]} family\.js')
        terminal.keys('q')
        terminal.see(r'^ +PID NAME')
        terminal.keys('q')
        expect_whole(terminal)


def rss_of(pid):
    with open(f'/proc/{pid}/statm', encoding='ascii') as file:
        return int(file.read().split()[1])


def a_histogram_is_taken_when_asked_for(family):
    with Terminal(120, 40) as terminal:
        start(terminal, family)
        terminal.keys('Enter', 'h')
        terminal.see(r'This stops process \d+ for about \d+ ms')
        terminal.keys('n')
        terminal.see('Press h to take one')
        terminal.keys('h', 'y')
        text = terminal.see(r'was stopped\s+for \d+\.\d ms')
        expect(re.search(r'^ +\d+ +[\d.]+ [KM]iB +\d+\.\d% .* \(string\)$', text, re.MULTILINE),
               'no strings:', text)
        terminal.keys('F10')
        expect_whole(terminal)


def click(terminal, column, row):
    """Button 1 goes down and up: column and row count from 1, and are told as characters from 32 on."""
    for button in (0, 3):
        terminal.type('\x1b[M' + chr(32 + button) + chr(32 + column) + chr(32 + row))


def the_mouse_selects_sorts_and_opens(family):
    with Terminal(80, 24) as terminal:
        start(terminal, family, '--sort', 'rss')
        by_pid = [family.pids.index(pid) for pid in sorted(family.pids)]
        expect(order(terminal, family) != by_pid, 'already by pid')
        click(terminal, 5, 5)
        terminal.wait('the order by pid', lambda: order(terminal, family) == by_pid)
        click(terminal, 5, 5)
        terminal.wait('the other way round', lambda: order(terminal, family) == by_pid[::-1])
        click(terminal, 5, 5)
        terminal.wait('the order by pid', lambda: order(terminal, family) == by_pid)
        # A lone click does not stop the screen.
        click(terminal, 20, 7)
        seen = terminal.screen()
        terminal.wait('another look', lambda: terminal.screen() != seen)
        click(terminal, 20, 8)
        click(terminal, 20, 8)
        terminal.see(rf'^process {sorted(family.pids)[2]} ')
        terminal.keys('F10')
        expect_whole(terminal)


def a_new_size_is_used(family):
    with Terminal(80, 24) as terminal:
        start(terminal, family)
        expect('COMMAND' not in terminal.screen(), 'a command in 80 columns')
        terminal.resize(200, 50)
        terminal.see('COMMAND')
        terminal.resize(80, 24)
        terminal.wait('the small screen', lambda: 'COMMAND' not in terminal.screen())
        terminal.keys('q')
        expect_whole(terminal)


def a_process_that_ends_is_told(family):
    with Terminal(80, 24) as terminal:
        start(terminal, family, '--sort', 'pid')
        terminal.keys('End', 'Enter')
        pid = max(family.pids)
        terminal.see(rf'^process {pid} ')
        os.kill(pid, signal.SIGKILL)
        terminal.see(rf'^process {pid} .*has ended')
        terminal.keys('q')
        terminal.see(r'2 Node\.js processes')
        terminal.keys('q')
        expect_whole(terminal)


def a_process_that_may_not_be_read_is_listed_with_the_reason(family):
    if os.getuid() != 0 or not shutil.which('setpriv'):
        return 'needs root and setpriv, to be another user'
    for place in [pathlib.Path(nodemem), *pathlib.Path(nodemem).parents]:
        if not place.stat().st_mode & 1:
            return f'another user may not enter {place}'
    with Terminal(120, 24) as terminal:
        terminal.keys('setpriv --reuid=65534 --clear-groups ' + nodemem + ' top', 'Enter')
        terminal.see(rf'^ *{family.pids[0]} +\S+ +\S+ +\S+ .*it belongs to another user')
        terminal.see(r'\d unreadable')
        terminal.keys('q')
        terminal.wait('the end', lambda: terminal.ask('alternate_on') == '0')


# ---- ways out --------------------------------------------------------------------------------

def every_way_out_leaves_the_terminal_whole(family):
    ways = [('Ctrl-C', lambda terminal: terminal.keys('C-c')),
            ('q', lambda terminal: terminal.keys('q'))]
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL, signal.SIGSEGV,
                   signal.SIGABRT, signal.SIGQUIT):
        for index, name in enumerate(('guard', 'drawing process')):
            ways.append((f'{number.name} to the {name}',
                         lambda terminal, number=number, index=index:
                         os.kill(terminal.children()[index], number)))
    with Terminal(80, 24) as terminal:
        for name, way in ways:
            start(terminal, family)
            way(terminal)
            try:
                expect_whole(terminal)
            except (AssertionError, RuntimeError) as error:
                raise AssertionError(f'{name}: {error}') from error


def a_crash_is_told_with_its_signal(family):
    with Terminal(80, 24) as terminal:
        start(terminal, family)
        os.kill(terminal.children()[1], signal.SIGSEGV)
        terminal.see('was ended by signal 11')
        terminal.keys('echo code $?', 'Enter')
        terminal.see('^code 139')


def ctrl_z_gives_the_terminal_back_until_fg(family):
    with Terminal(80, 24) as terminal:
        start(terminal, family)
        terminal.keys('C-z')
        terminal.see('Stopped')
        expect_whole(terminal)
        terminal.keys('fg', 'Enter')
        terminal.see(r'^ +PID NAME')
        expect(terminal.ask('alternate_on') == '1', 'not on its own screen')
        # Whoever stops the drawing process from outside is no different.
        os.kill(terminal.children()[1], signal.SIGSTOP)
        expect_whole(terminal)
        terminal.keys('fg', 'Enter')
        terminal.see(r'^ +PID NAME')
        terminal.wait('its own screen', lambda: terminal.ask('alternate_on') == '1')
        terminal.keys('q')
        expect_whole(terminal)


TESTS = [list_and_pages_look_as_expected, a_terminal_that_is_too_small_says_so,
         eight_colours_and_none_and_ascii_work, keys_sort_filter_search_and_make_a_tree,
         a_histogram_is_taken_when_asked_for, the_mouse_selects_sorts_and_opens,
         a_new_size_is_used, a_process_that_may_not_be_read_is_listed_with_the_reason,
         every_way_out_leaves_the_terminal_whole, a_crash_is_told_with_its_signal,
         ctrl_z_gives_the_terminal_back_until_fg, a_process_that_ends_is_told]


def main():
    node = find_node()
    if not node or not shutil.which('tmux'):
        print('1..0 # SKIP no Node.js or no tmux here')
        return 0
    print(f'1..{len(TESTS)}', flush=True)
    failed = 0
    for number, test in enumerate(TESTS, 1):
        family = Family(node)
        why = None
        try:
            why = test(family)
            print(f'ok {number} - {test.__name__}' + (f' # SKIP {why}' if why else ''), flush=True)
        except (AssertionError, RuntimeError, OSError) as error:
            failed += 1
            print(f'not ok {number} - {test.__name__}')
            print('# ' + str(error).replace('\n', '\n# '), flush=True)
        family.end()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
