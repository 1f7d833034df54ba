"""A shell in a terminal of tmux, on a server of its own: keys go in, the screen comes out."""
import os
import re
import subprocess
import tempfile
import time

TIMEOUT_S = 30


class Terminal:
    """Gone at the end of the block, with all that runs in it."""

    def __init__(self, columns, rows, env=(), term='tmux-256color'):
        self.folder = tempfile.TemporaryDirectory(prefix='nodemem-top-')
        self.socket = f'{self.folder.name}/tmux'
        config = f'{self.folder.name}/conf'
        with open(config, 'w', encoding='utf-8') as file:
            file.write(f'set -g default-terminal {term}\nset -g escape-time 0\n'
                       'set -g remain-on-exit on\nset -g status off\n')
        shell = {'PATH': os.environ['PATH'], 'HOME': self.folder.name, 'PS1': '$ ',
                 'LC_ALL': 'C.UTF-8', **dict(env)}
        words = ['env', '-i', *(f'{key}={value}' for key, value in shell.items()),
                 f'TERM={term}', 'bash', '--norc', '--noprofile', '-i']
        self.command('-f', config, 'new-session', '-d', '-s', 'it', '-c', self.folder.name,
                     '-x', str(columns), '-y', str(rows), *words)
        self.see(r'^\$')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            pids = [int(self.ask('pid')), int(self.ask('pane_pid'))]
        except (RuntimeError, ValueError):
            pids = []
        subprocess.run(['tmux', '-S', self.socket, 'kill-server'], check=False,
                       capture_output=True)
        # They end a little later, and until then there may come files into the folder.
        end = time.monotonic() + TIMEOUT_S
        while any(is_alive(pid) for pid in pids) and time.monotonic() < end:
            time.sleep(0.02)
        self.folder.cleanup()

    def command(self, *words):
        done = subprocess.run(['tmux', '-S', self.socket, *words], capture_output=True,
                              text=True, check=False, env={**os.environ, 'LC_ALL': 'C.UTF-8'})
        if done.returncode != 0:
            raise RuntimeError(f'tmux {words}: {done.stderr}')
        return done.stdout

    def keys(self, *keys):
        self.command('send-keys', '-t', 'it', *keys)

    def type(self, text):
        self.command('send-keys', '-t', 'it', '-l', text)

    def screen(self, *options):
        return self.command('capture-pane', '-p', *options, '-t', 'it')

    def ask(self, what):
        return self.command('display-message', '-p', '-t', 'it', f'#{{{what}}}').strip()

    def resize(self, columns, rows):
        self.command('resize-window', '-t', 'it', '-x', str(columns), '-y', str(rows))

    def wait(self, what, condition):
        """Until it is true; the screen tells why when it never is."""
        end = time.monotonic() + TIMEOUT_S
        while not (found := condition()):
            if time.monotonic() > end:
                raise RuntimeError(f'waited in vain for {what}; the screen:\n{self.screen()}')
            time.sleep(0.02)
        return found

    def see(self, pattern):
        """Wait until the screen matches; returns it."""
        return self.wait(f'/{pattern}/',
                         lambda: re.search(pattern, text := self.screen(), re.MULTILINE) and text)

    def children(self):
        """(guard, drawing process) of the program in the foreground."""
        def find():
            first = child_of(int(self.ask('pane_pid')))
            second = first and child_of(first)
            return second and (first, second)
        return self.wait('the program', find)


def is_alive(pid):
    try:
        with open(f'/proc/{pid}/stat', encoding='ascii', errors='replace') as file:
            return file.read().rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False


def child_of(pid):
    with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as file:
        pids = file.read().split()
    return int(pids[0]) if pids else None
