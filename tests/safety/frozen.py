#!/usr/bin/env python3
"""A process of which still images are taken notices nothing: frozen.py basic|long VERSION

basic: an image each way holds what is in memory, costs the process no memory, and leaves nothing.
long: under load, a hundred images each way; then each way is killed at two hundred moments.
cores.py has the images of processes that have ended.
"""
import http.client
import pathlib
import random
import subprocess
import sys
import threading
import time

from common import TARGETS, expect, kilobytes, releases, status_of, target

WAYS = ["copy", "fork"]
SMALL, LARGE = 20000, 200000  # objects
IMAGES, KILLS = 100, 200
# Of a kill that does not wait for the stop: an image takes as long.
MOMENT_MAX_S = 0.15
# And of one that does.
STOP_MAX_S = 0.008
WAIT_MAX_S = 3
RSS_KB_MAX, TABLES_KB_MAX = 1024, 64
TAKES, REST_S = 3, 0.7
MAX_STOP_MS = 2000


def freeze(pid, way, count, *more):
    """The lines of a run, as lists of words."""
    done = subprocess.run([releases.tool("NODEMEM_FREEZE", "tests/safety/freeze"), str(pid), way,
                           str(count), str(MAX_STOP_MS), *more],
                          stdout=subprocess.PIPE, text=True, check=False)
    expect(done.returncode == 0, f"{way}:", done.stdout)
    lines = [line.split() for line in done.stdout.splitlines()]
    expect(len(lines) == count and all(line[0] == way for line in lines), done.stdout)
    return lines


def children(pid):
    """Of the process, those that have ended too."""
    return [child for path in pathlib.Path(f"/proc/{pid}/task").glob("*/children")
            for child in path.read_text(encoding="ascii").split()]


class Load:
    """Asks for one page again and again, and counts."""

    def __init__(self, port, page, wanted, pause=0.0):
        self.port, self.page, self.wanted, self.pause = port, page, wanted, pause
        self.good, self.bad = 0, []
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def ask(self, connection):
        try:
            connection.request("GET", self.page)
            said = connection.getresponse().read().decode()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            said = repr(error)
        if said == self.wanted:
            self.good += 1
        else:
            self.bad.append(said)

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        while not self.is_over.is_set():
            self.ask(connection)
            time.sleep(self.pause)
        connection.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()


def check_answer(port, page, wanted):
    load = Load(port, page, wanted)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    load.ask(connection)
    connection.close()
    expect(not load.bad, page, "said", load.bad)


def check_whole(server):
    """All as it was, and nothing left behind."""
    port = server.hello["port"]
    check_answer(port, "/", "0")
    check_answer(port, "/child", "42")
    check_answer(port, "/check", "whole")
    status = status_of(server.pid)
    expect(status["State"][0] in "SR" and status["TracerPid"] == "0", status)
    expect(not children(server.pid), "children are left:", children(server.pid))


def wait_for(truth, seconds):
    """Whether it came true."""
    until = time.monotonic() + seconds
    while not truth():
        if time.monotonic() > until:
            return False
    return True


def kill_once(pid, way, is_in_stop):
    """At a random moment; while the process is being stopped, or anywhere."""
    command = [releases.tool("NODEMEM_FREEZE", "tests/safety/freeze"), str(pid), way, "100",
               str(MAX_STOP_MS)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as freezer:
        if is_in_stop:
            wait_for(lambda: status_of(pid)["TracerPid"] != "0", WAIT_MAX_S)
        time.sleep(random.uniform(0, STOP_MAX_S if is_in_stop else MOMENT_MAX_S))
        freezer.kill()


def kill_often(server, way):
    left = 0
    for i in range(KILLS):
        kill_once(server.pid, way, i % 2)
        check_answer(server.hello["port"], "/", "0")
    left = len(children(server.pid))
    freeze(server.pid, way, 1)
    return left


def take_one(server, way):
    """What it costs an idle process, and that a text of its heap is found."""
    before = status_of(server.pid)
    words = freeze(server.pid, way, 1, server.hello["marker"])[0]
    after = status_of(server.pid)
    grown = kilobytes(after, "VmRSS") - kilobytes(before, "VmRSS")
    tables = kilobytes(after, "VmPTE") - kilobytes(before, "VmPTE")
    check_whole(server)
    print(f"{way}: stopped {int(words[2]) / 1000:.1f} ms, {int(words[5]) >> 20} MiB copied, "
          f"rss {grown:+} kB, page tables {tables:+} kB")
    expect(int(words[9]) > 0, "what it holds is not in the image")
    expect(int(words[5]) <= kilobytes(after, "VmRSS") * 1024, "more was read than was there")
    return grown, tables


def basic(version):
    node = releases.binary_or_skip(version)
    with target.Target(node, TARGETS / "frozen.js", LARGE) as server:
        check_whole(server)
        for way in WAYS:
            costs = []
            for _ in range(TAKES):
                # Node itself gives and takes memory for a while after it has worked.
                time.sleep(REST_S)
                costs.append(take_one(server, way))
            grown, tables = min(costs)
            expect(grown <= RSS_KB_MAX, "the process has grown")
            expect(tables <= TABLES_KB_MAX, "pages were mapped into the process")
    print(f"{version}: both ways find what it holds")


def load_and_take(server, way):
    port = server.hello["port"]
    with Load(port, "/", "0") as load, Load(port, "/child", "42", 0.05) as spawn:
        lines = freeze(server.pid, way, IMAGES)
        killed = kill_often(server, way)
    for loaded in load, spawn:
        expect(not loaded.bad, f"{way}: {len(loaded.bad)} requests failed:", loaded.bad[:3])
        expect(loaded.good > IMAGES / 2, f"only {loaded.good} requests")
    check_whole(server)
    stops = sorted(int(line[3]) for line in lines)
    print(f"{way}: {IMAGES} images, the longest stop {stops[len(stops) // 2] / 1000:.1f} ms "
          f"(median; {stops[-1] / 1000:.1f} at most); killed {KILLS} times, {killed} children "
          f"to clean up; {load.good} requests and {spawn.good} children, none failed")


def long(version):
    node = releases.binary_or_skip(version)
    with target.Target(node, TARGETS / "frozen.js", SMALL) as server:
        check_whole(server)
        for way in WAYS:
            load_and_take(server, way)
    print(f"{version}: undisturbed")


if __name__ == "__main__":
    {"basic": basic, "long": long}[sys.argv[1]](sys.argv[2])
