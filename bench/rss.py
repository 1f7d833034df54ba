#!/usr/bin/env python3
"""What the ledger of a Node.js process costs, and how long it stands still for it; one JSON document.

    rss.py [VERSION...]

All of tests/node/versions.txt which are there when none is named. See README.md.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "tests" / "node"), str(HERE.parent / "tests" / "safety")]

from run import FLAGS, output_of  # noqa: E402
import busy  # noqa: E402
import releases  # noqa: E402
import target  # noqa: E402

ROUNDS, COMMANDS = 5, 4
READS = 25
# Of small Buffers: 250 MB of malloc with what each takes besides.
HELD_MIB = 180
# What is wanted of a process of 1 GB, and of a stop.
COMMAND_MS, STOP_MS = 300, 30


def read_once(pid, *options):
    ended = subprocess.run([releases.nodemem(), "rss", "--json", *options, str(pid)],
                           stdout=subprocess.PIPE, check=True)
    return json.loads(ended.stdout)


def summary(values):
    return {"count": len(values), "min": round(min(values), 2),
            "median": round(statistics.median(values), 2), "max": round(max(values), 2)}


def stops_of(documents):
    """Milliseconds of the longest stop, of all stops, and of the whole, by reading."""
    return {"stops": statistics.median(one["stops"] for one in documents),
            **{key: summary([one[key] for one in documents])
               for key in ("longestStopMs", "stoppedMs", "tookMs")}}


def wall(*command):
    tool = releases.tool("NODEMEM_BENCH_COMMAND", "bench/bench-command")
    return output_of(tool, COMMANDS, *command)


def measure_gigabyte(node):
    """The whole command, in turns with what the kernel alone takes for smaps."""
    with target.Target(node, HERE / "target.js", "gigabyte", flags=FLAGS["big"]) as running:
        smaps = f"/proc/{running.pid}/smaps"
        rounds = [(wall(releases.nodemem(), "rss", running.pid), wall("/bin/cat", smaps))
                  for _ in range(ROUNDS)]
        documents = [read_once(running.pid) for _ in range(ROUNDS)]
    ours = [one["wallUs"]["median"] / 1000 for one, _ in rounds]
    cats = [one["wallUs"]["median"] / 1000 for _, one in rounds]
    return {"rss": documents[0]["rss"], "malloc": documents[0]["malloc"]["inUse"],
            "commandMs": summary(ours), "catSmapsMs": summary(cats),
            "ratio": round(statistics.median(one / cat for one, cat in zip(ours, cats)), 2),
            "maxRssKib": max(one["maxRssKib"] for one, _ in rounds), **stops_of(documents)}


def measure_stops(node):
    """A process at work: the gap in its event loop while it is read, and while it is not."""
    documents, read_gaps, quiet_gaps = [], [], []
    with busy.Busy(node, HELD_MIB) as running:
        running.wait_for_work()
        for _ in range(READS):
            running.ask()
            begun = time.monotonic()
            documents.append(read_once(running.pid))
            took_s = time.monotonic() - begun
            read_gaps.append(running.ask()["longestMs"])
            time.sleep(took_s)
            quiet_gaps.append(running.ask()["longestMs"])
    return {"malloc": min(one["malloc"]["inUse"] or 0 for one in documents), **stops_of(documents),
            "gapReadMs": summary(read_gaps), "gapQuietMs": summary(quiet_gaps)}


def missed(figures):
    """What is wanted and was not reached, in words."""
    command_ms = figures["gigabyte"]["commandMs"]["median"]
    stop_ms = figures["busy"]["longestStopMs"]["median"]
    rows = [(command_ms >= COMMAND_MS, f"rss takes {command_ms:.0f} ms, wanted {COMMAND_MS}"),
            (stop_ms >= STOP_MS, f"the longest stop takes {stop_ms:.1f} ms, wanted {STOP_MS}")]
    return [text for is_missed, text in rows if is_missed]


def main(versions):
    document = {"schema": "nodemem/bench-rss/1", "load": os.getloadavg()[0], "versions": {}}
    for version in versions or releases.listed():
        if not versions and not releases.is_there(version):
            continue
        node = releases.binary_or_skip(version)
        figures = {"gigabyte": measure_gigabyte(node), "busy": measure_stops(node)}
        document["versions"][version] = figures
        for text in missed(figures):
            print(f"{version}: {text}", file=sys.stderr)
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
