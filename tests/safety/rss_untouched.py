#!/usr/bin/env python3
"""Being read in full leaves a process as it was: rss_untouched.py VERSION"""
import subprocess
import sys

from common import TARGETS, expect, kilobytes, releases, status_of, target, wait_for_rest

READS = 20
GROWN_KB_MAX = 64
# 1 GiB is held; if it were in memory already, there would be nothing to leave untouched.
START_RSS_KB_MAX = 256 << 10


def read_once(pid):
    subprocess.run([releases.nodemem(), "rss", "--json", str(pid)], check=True,
                   stdout=subprocess.DEVNULL)


def main(version):
    node = releases.binary_or_skip(version)
    with target.Target(node, TARGETS / "untouched.js") as process:
        wait_for_rest(process.pid)
        before = status_of(process.pid)
        expect(kilobytes(before, "VmRSS") < START_RSS_KB_MAX, "the memory is touched already")
        expect(kilobytes(before, "VmSize") > START_RSS_KB_MAX + (1 << 20), "there is not 1 GiB")
        for _ in range(READS):
            read_once(process.pid)
        wait_for_rest(process.pid)
        after = status_of(process.pid)
        grown = {key: kilobytes(after, key) - kilobytes(before, key) for key in ("VmRSS", "VmPTE")}
        process.go_on()
        said = process.read_line()
    print(f"{version}: read {READS} times: rss {grown['VmRSS']:+} kB, page tables "
          f"{grown['VmPTE']:+} kB, memory {said.strip()}")
    expect(max(grown.values()) <= GROWN_KB_MAX, "the process has grown")
    expect(said == "same\n", "its memory was changed")


if __name__ == "__main__":
    main(sys.argv[1])
