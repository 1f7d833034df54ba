#!/usr/bin/env python3
"""A busy server is dumped, and nodemem killed in it; the server does not care: load.py WHAT VERSION

dumps: a hundred dumps each way, under load; every one is a snapshot, and no request fails.
kills: nodemem is killed at two hundred moments of a dump; the server answers after each.
"""
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import planted
import snapshot
from planted import WAYS, Findings, releases
from common import TARGETS, kilobytes, status_of, target  # isort: skip
from frozen import Load, check_answer, check_whole, children  # isort: skip

OBJECTS = 2000
DUMPS, KILLS = 100, 200
# Of so many one is read to the last edge.
READ_EVERY = 10
# Between two requests: the snapshots are read here too.
PAUSE_S = 0.003
REST_S, TAKES, RSS_KB_MAX = 0.7, 3, 1024
# Some are killed after they ended by themselves, so that the last moments are met too.
BEYOND_END = 1.1


def command(pid, way, path):
    return [releases.nodemem(), "dump", *planted.STOP, "--via", way, "-o", str(path), str(pid)]


def dump_often(findings, server, way, folder):
    """Each dump is read while the next is made."""
    paths = [folder / f"{i % 2}.heapsnapshot" for i in range(DUMPS)]
    good, sizes = 0, set()
    for i in range(DUMPS + 1):
        if i < DUMPS:
            dumping = subprocess.Popen(command(server.pid, way, paths[i]), stderr=subprocess.PIPE,
                                       stdout=subprocess.DEVNULL, text=True)
        if i > 0 and paths[i - 1].exists():
            one, problems = snapshot.load(paths[i - 1], every=i % READ_EVERY == 0)
            findings.problems += problems
            good += one is not None and one.kinds.count("object") > OBJECTS
            sizes.add(one.count if one else None)
        if i < DUMPS:
            said = dumping.communicate(timeout=planted.LIMIT_S)[1]
            findings.require(dumping.returncode == 0, f"{way}, dump {i}: {said.strip()}")
        if i > 0:
            paths[i - 1].unlink(missing_ok=True)
    findings.require(good == DUMPS and len(sizes) > 1, f"{way}: {good} of {DUMPS} dumps are good")


def check_load(findings, loads, way):
    for load in loads:
        findings.require(not load.bad, f"{way}: {len(load.bad)} requests failed: {load.bad[:3]}")
        findings.require(load.good > DUMPS / 2, f"{way}: only {load.good} requests were made")


def check_rss(findings, server, folder):
    """A copy does not make an idle process larger."""
    grown = []
    for _ in range(TAKES):
        # Node itself gives and takes memory for a while after it has worked.
        time.sleep(REST_S)
        before = kilobytes(status_of(server.pid), "VmRSS")
        path = folder / "rss.heapsnapshot"
        subprocess.run(command(server.pid, "copy", path), check=True, stdout=subprocess.DEVNULL)
        grown.append(kilobytes(status_of(server.pid), "VmRSS") - before)
        path.unlink()
    findings.require(min(grown) <= RSS_KB_MAX, f"a copy makes it {grown} kB larger")


def dumps(findings, server, folder):
    check_rss(findings, server, folder)
    for way in WAYS:
        with Load(server.hello["port"], "/", "0", PAUSE_S) as load, \
                Load(server.hello["port"], "/child", "42", 0.05) as spawn:
            dump_often(findings, server, way, folder)
        check_load(findings, (load, spawn), way)
        findings.require(not children(server.pid), f"{way}: children are left: "
                         f"{children(server.pid)}")
        check_whole(server)


def kill_once(way, server, path, moment):
    """Returns how long it took when it had ended by itself before, else None."""
    begun = time.monotonic()
    with subprocess.Popen(command(server.pid, way, path), stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as dumping:
        try:
            dumping.wait(moment)
            return time.monotonic() - begun
        except subprocess.TimeoutExpired:
            dumping.kill()
    return None


def kills(findings, server, folder):
    """What a killed one left in the process the next one takes away."""
    port, path = server.hello["port"], folder / "killed.heapsnapshot"
    for way in WAYS:
        begun = time.monotonic()
        subprocess.run(command(server.pid, way, path), check=True, stdout=subprocess.DEVNULL)
        took, killed, left = time.monotonic() - begun, 0, 0
        with Load(port, "/", "0") as load, Load(port, "/child", "42", 0.05) as spawn:
            for _ in range(KILLS // len(WAYS)):
                moment = random.uniform(0, BEYOND_END * took)
                alone = kill_once(way, server, path, moment)
                killed += alone is None
                # It takes longer or less long as the machine has more or less to do.
                if alone is not None:
                    took = (took + alone) / 2
                elif moment > took:
                    took = moment
                check_answer(port, "/", "0")
                left = max(left, len(children(server.pid)))
            check_answer(port, "/child", "42")
        check_load(findings, (load, spawn), way)
        subprocess.run(command(server.pid, way, path), check=True, stdout=subprocess.DEVNULL)
        check_whole(server)
        findings.require(killed > KILLS / len(WAYS) / 2, f"{way}: only {killed} were killed")
        print(f"{way}: a dump takes {took * 1e3:.0f} ms; {killed} were killed in it, at most {left} "
              f"children at a time; {load.good} requests, {spawn.good} children of its own")
    findings.problems += snapshot.load(path)[1]


def main(what, version):
    node = releases.binary_or_skip(version)
    findings = Findings(f"{version} {what} under load")
    with tempfile.TemporaryDirectory() as name, \
            target.Target(node, TARGETS / "frozen.js", OBJECTS) as server:
        check_whole(server)
        {"dumps": dumps, "kills": kills}[what](findings, server, pathlib.Path(name))
    return 0 if findings.report() else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
