#!/usr/bin/env python3
"""nodemem killed at any moment leaves the process it watches running: killed.py VERSION"""
import random
import subprocess
import sys
import time

from common import TARGETS, expect, releases, status_of, target

KILLS = 200
MOMENT_MAX_S = 0.02


def commands(pid):
    """What is killed, in turn."""
    nodemem = releases.nodemem()
    return [[nodemem, "watch", "-i", "10ms", str(pid)], [nodemem, "usage", "-i", str(pid)],
            [releases.sampler(), str(pid), "0", "0"]]


def kill_once(command, moment):
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as watcher:
        time.sleep(moment)
        watcher.kill()


def main(version):
    node = releases.binary_or_skip(version)
    with target.Target(node, TARGETS / "untouched.js") as process:
        choices = commands(process.pid)
        for i in range(KILLS):
            kill_once(choices[i % len(choices)], random.uniform(0, MOMENT_MAX_S))
            status = status_of(process.pid)
            expect(status["State"][0] in "SRD", f"after {i + 1} kills it is {status['State']}")
            expect(status["TracerPid"] == "0", "it is being traced")
            process.go_on()
            expect(process.read_line() == "same\n", "its memory was changed")
    print(f"{version}: {KILLS} times killed, and the process runs on")


if __name__ == "__main__":
    main(sys.argv[1])
