#!/usr/bin/env python3
"""nodemem rss killed at any moment leaves a busy process at its work: rss_killed.py VERSION"""
import random
import subprocess
import sys
import time

from busy import Busy
from common import expect, releases

KILLS = 200
HELD_MIB = 60
MEASURED = 5
# Some are killed after they ended by themselves, so that the last moments are met too.
BEYOND_END = 1.1


def kill_once(command, moment_s):
    """Returns whether it was still running then."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as reader:
        time.sleep(moment_s)
        reader.kill()
    return reader.returncode < 0


def duration_of(command):
    """Seconds of a whole run, the median of some; each must end well."""
    took = []
    for _ in range(MEASURED):
        begun = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        took.append(time.monotonic() - begun)
    return sorted(took)[MEASURED // 2]


def main(version):
    node = releases.binary_or_skip(version)
    with Busy(node, HELD_MIB) as process:
        command = [releases.nodemem(), "rss", "--json", str(process.pid)]
        whole_s = duration_of(command)
        killed = 0
        for i in range(KILLS):
            process.send_signal()
            killed += kill_once(command, random.uniform(0, BEYOND_END * whole_s))
            process.wait_until_running()
            process.wait_for_signals()
            if i % 10 == 9:
                process.wait_for_work()
        done = process.report["done"]
    print(f"{version}: a run takes {whole_s * 1e3:.0f} ms; {killed} of {KILLS} killed in it; "
          f"{process.sent} signals came; the process did {done}")
    expect(killed >= KILLS // 2, "most were not killed while they ran")


if __name__ == "__main__":
    main(sys.argv[1])
