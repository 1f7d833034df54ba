#!/usr/bin/env python3
"""Being looked at leaves a process as it was: untouched.py VERSION"""
import subprocess
import sys

from common import (TARGETS, expect, faults_of, kilobytes, releases, status_of, target,
                    wait_for_rest)

LOOKS = 100
# Threads of V8 and of the C library wake up now and then.
FAULTS_MAX, RSS_KB_MAX = 100, 512
# 1 GiB is held; if it were in memory already, there would be nothing to leave untouched.
START_RSS_KB_MAX = 256 << 10


def main(version):
    node = releases.binary_or_skip(version)
    with target.Target(node, TARGETS / "untouched.js") as process:
        wait_for_rest(process.pid)
        before, faults = status_of(process.pid), faults_of(process.pid)
        expect(kilobytes(before, "VmRSS") < START_RSS_KB_MAX, "the memory is touched already")
        for _ in range(LOOKS):
            subprocess.run([releases.nodemem(), "usage", str(process.pid)], check=True,
                           stdout=subprocess.DEVNULL)
        after, more_faults = status_of(process.pid), faults_of(process.pid) - faults
        grown = kilobytes(after, "VmRSS") - kilobytes(before, "VmRSS")
        tables = kilobytes(after, "VmPTE") - kilobytes(before, "VmPTE")
        process.go_on()
        said = process.read_line()
    print(f"{version}: {LOOKS} looks: rss {grown:+} kB, page tables {tables:+} kB, "
          f"{more_faults} faults, memory {said.strip()}")
    expect(grown <= RSS_KB_MAX, "the process has grown")
    expect(tables == 0, "pages were mapped into the process")
    expect(more_faults <= FAULTS_MAX, "pages were touched")
    expect(said == "same\n", "its memory was changed")


if __name__ == "__main__":
    main(sys.argv[1])
