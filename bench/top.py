#!/usr/bin/env python3
"""What `nodemem top` costs: its share of a processor and its memory, with many Node.js processes at one look a second.

    bench/top.py [PROCESSES [SECONDS]]

50 processes unless told otherwise, or as many as fit into the memory that is free. The screen is a terminal of 120 x
40 that nobody looks at.
"""
import fcntl
import os
import pathlib
import pty
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import time

WANTED_PERCENT = 1.0
EACH_MIB = 60
# Objects are made and dropped, a little stays: numbers that move, as those of a server do.
SCRIPT = 'const kept = []; setInterval(() => { for (let i = 0; i < 500; i++) kept[i % 5000] = { i }; }, 100)'


def find_node():
    cache = os.environ.get('NODEMEM_NODE_CACHE') or os.path.join(
        os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache', 'nodemem', 'node')
    found = sorted(pathlib.Path(cache).glob('2*/bin/node'))
    return str(found[-1]) if found else shutil.which('node')


def free_mib():
    with open('/proc/meminfo', encoding='ascii') as file:
        for line in file:
            if line.startswith('MemAvailable:'):
                return int(line.split()[1]) // 1024
    return 0


def child_of(pid):
    with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as file:
        return int(file.read().split()[0])


def cpu_s(pid):
    """Of all its threads, user and system, with the precision of the scheduler."""
    total = 0
    for task in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{task}/schedstat', encoding='ascii') as file:
            total += int(file.read().split()[0])
    return total / 1e9


def status_kib(pid, key):
    with open(f'/proc/{pid}/status', encoding='ascii') as file:
        for line in file:
            if line.startswith(key + ':'):
                return int(line.split()[1])
    return 0


class Screen:
    """nodemem top on a terminal; counts the bytes that it writes."""

    def __init__(self, nodemem):
        self.bytes = 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM='xterm-256color', LC_ALL='C.UTF-8')
            os.execv(nodemem, [nodemem, 'top'])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 120, 0, 0))
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        try:
            while chunk := os.read(self.fd, 65536):
                self.bytes += len(chunk)
        except OSError:
            pass

    def end(self):
        os.kill(self.pid, signal.SIGTERM)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def measure(nodemem, count, seconds):
    screen = Screen(nodemem)
    # The first looks open the processes.
    time.sleep(5)
    drawing = child_of(screen.pid)
    begun, cpu, written = time.monotonic(), cpu_s(drawing), screen.bytes
    time.sleep(seconds)
    took = time.monotonic() - begun
    share = 100 * (cpu_s(drawing) - cpu) / took
    per_look = (screen.bytes - written) / took
    own, files = status_kib(drawing, 'RssAnon') / 1024, status_kib(drawing, 'RssFile') / 1024
    code = screen.end()
    print(f'{count} Node.js processes, 1 look a second, {seconds} s:')
    print(f'  {share:.2f} % of a core (wanted: under {WANTED_PERCENT:.0f} %)')
    print(f'  {own:.1f} MiB of memory, and {files:.1f} MiB of files mapped: the programs that are watched')
    print(f'  {per_look:.0f} bytes written to the terminal a second')
    if code != 0:
        print(f'  ended with code {code}')
    return 0 if share < WANTED_PERCENT and code == 0 else 1


def main():
    nodemem = os.environ.get('NODEMEM', 'build/src/nodemem')
    node = find_node()
    if not node:
        print('no Node.js here')
        return 77
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    count = max(1, min(count, free_mib() // 2 // EACH_MIB))
    processes = [subprocess.Popen([node, '-e', SCRIPT]) for _ in range(count)]
    try:
        return measure(nodemem, count, seconds)
    finally:
        for process in processes:
            process.kill()
            process.wait()


if __name__ == '__main__':
    sys.exit(main())
