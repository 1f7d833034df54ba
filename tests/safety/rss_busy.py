#!/usr/bin/env python3
"""The ledger of a process that does not rest adds up, and the process goes on:

    rss_busy.py [blocked] VERSION

blocked: something lies in the way of the program's break, so that the main arena gets a mapping more
every moment. How long it stands still is told by both sides; the bench judges that, since here it is the
machine's other work that counts.
"""
import sys

from common import expect, releases
from busy import Busy
import command

READS = 20
# Of small Buffers: 250 MB of malloc with what each takes besides.
HELD_MIB = 180
# A stop that the process itself would call a hang.
STOP_MS_MAX = 1000


def environment_of(words):
    if "blocked" not in words:
        return {}
    return {"LD_PRELOAD": releases.tool("NODEMEM_ORACLE_LIBRARY", "tests/ledger/liboracle.so"),
            "NODEMEM_BLOCK_BREAK": "1"}


def main(*words):
    version = words[-1]
    node = releases.binary_or_skip(version)
    findings = command.Findings(" ".join([version, "busy", *words[:-1]]))
    stops, gaps = [], []
    with Busy(node, HELD_MIB, environment=environment_of(words)) as process:
        process.wait_for_work()
        for _ in range(READS):
            process.send_signal()
            process.ask()
            document = command.parse(command.run(process.pid), findings)
            process.wait_until_running()
            gaps.append(process.ask()["longestMs"])
            process.wait_for_signals()
            if document is not None:
                stops.append(document["longestStopMs"])
                findings.require(document["complete"], f"it misses {document['missing']}")
                findings.require((document["arrayBuffers"] or 0) >= HELD_MIB << 20,
                                 f"only {document['arrayBuffers']} bytes of array buffers")
                findings.require(document["stops"] >= 1, "no stop is told of")
        process.wait_for_work()
    expect(findings.report(f"of {HELD_MIB} MiB, the longest of {len(stops)} stops took "
                           f"{max(stops, default=0):.1f} ms, the longest gap the process saw "
                           f"{max(gaps, default=0):.1f} ms, the median "
                           f"{sorted(gaps)[len(gaps) // 2]:.1f} ms"), "see above")
    expect(max(stops) < STOP_MS_MAX, "it was stopped for too long")


if __name__ == "__main__":
    main(*sys.argv[1:])
