#!/usr/bin/env python3
"""A loaded server is not slowed by being sampled ten times a second: loaded.py VERSION

The measure is the server's own processor time for a request, in short periods with and without
sampling in turn, so that what else the machine does falls on both.
"""
import pathlib
import signal
import statistics
import subprocess
import sys
import threading
import time

from common import TARGETS, expect, releases, target

INTERVAL_US = 100000
PAIRS, REQUESTS = 100, 250
# On a fast machine there are more of them in a period, so that each lasts long enough to be sampled in.
PERIOD_S = 0.05
WARM_REQUESTS = 6000
RATIO_MAX = 1.01
# A median above the bound is measured again, and all pairs count together.
ROUNDS_MAX = 4


def processor_ns(pid):
    """Time on a processor of all its threads."""
    total = 0
    for file in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
        total += int(file.read_text(encoding="ascii").split()[0])
    return total


class Sampler:
    """Attached once; runs only in the periods that are to be disturbed."""

    def __init__(self, pid):
        self.process = subprocess.Popen([releases.sampler(), str(pid), "0", str(INTERVAL_US)],
                                        stdout=subprocess.PIPE)
        expect(self.process.stdout.readline() == b"ready\n", "the sampler did not attach")
        self.lines = threading.Thread(target=self.count)
        self.samples = 0
        self.lines.start()
        self.process.send_signal(signal.SIGSTOP)

    def run(self, on):
        self.process.send_signal(signal.SIGCONT if on else signal.SIGSTOP)

    def count(self):
        """What it prints is taken at once, so that it never waits for us."""
        for _ in self.process.stdout:
            self.samples += 1

    def end(self):
        self.process.kill()
        self.process.wait()
        self.lines.join()


def send(load, count):
    load.process.stdin.write(f"{count}\n".encode())
    load.process.stdin.flush()
    good = int(load.read_line())
    expect(good == count, f"{count - good} of {count} requests were lost")


def warm_up(load):
    """How many requests make a period."""
    send(load, WARM_REQUESTS // 2)
    begun = time.monotonic()
    send(load, WARM_REQUESTS // 2)
    return max(REQUESTS, int(WARM_REQUESTS // 2 / (time.monotonic() - begun) * PERIOD_S))


def period(server, load, sampler, requests, on):
    """Nanoseconds of the server for a request."""
    sampler.run(on)
    before = processor_ns(server.pid)
    send(load, requests)
    spent = processor_ns(server.pid) - before
    sampler.run(False)
    return spent / requests


def measure(server, load, sampler, requests):
    ratios = []
    for pair in range(PAIRS):
        order = [True, False] if pair % 2 else [False, True]
        spent = {on: period(server, load, sampler, requests, on) for on in order}
        ratios.append(spent[True] / spent[False])
    return ratios


def main(version):
    node = releases.binary_or_skip(version)
    with target.Target(node, TARGETS / "server.js") as server, \
            target.Target(node, TARGETS / "server.js", server.hello["port"]) as load:
        sampler = Sampler(server.pid)
        try:
            requests = warm_up(load)
            ratios = []
            for rounds in range(1, ROUNDS_MAX + 1):
                ratios += measure(server, load, sampler, requests)
                if statistics.median(ratios) <= RATIO_MAX:
                    break
        finally:
            sampler.end()
    print(f"{version}: sampled, a request takes {statistics.median(ratios):.4f} of its time "
          f"({min(ratios):.3f} … {max(ratios):.3f} in {len(ratios)} pairs, {rounds} rounds); "
          f"none of {2 * len(ratios) * requests} was lost; {sampler.samples} samples")
    expect(sampler.samples > len(ratios) // 4, f"only {sampler.samples} samples were taken")
    expect(statistics.median(ratios) <= RATIO_MAX, "the server is slowed")


if __name__ == "__main__":
    main(sys.argv[1])
