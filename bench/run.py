#!/usr/bin/env python3
"""What watching a Node.js process costs; prints one JSON document.

    run.py [VERSION...]

All of tests/node/versions.txt which are there when none is named. See README.md.
"""

import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "node"))

import releases  # noqa: E402
import target  # noqa: E402

ROUNDS = 5
# In each round; a command counts over all.
OPENS, SAMPLES, COMMANDS = 5, 5000, 20
FLAGS = {"big": ["--max-old-space-size=4096"]}
# What is wanted: a sample as a share of process.memoryUsage(), the rest as it says.
SAMPLE_SHARE = 0.8
OPEN_MS = {"small": 3, "big": 20, "five": None}
COMMAND_MS = 20
COMMAND_MIB = 20


def output_of(*command):
    """The JSON that a program prints."""
    ended = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, check=True)
    return json.loads(ended.stdout)


def measure_round(running):
    """The target's own cost and ours right after it: cores change their speed."""
    running.go_on()
    own = json.loads(running.read_line())
    sample = output_of(releases.tool("NODEMEM_BENCH_SAMPLE", "bench/bench-sample"),
                       running.pid, OPENS, SAMPLES)
    sample["memoryUsageUs"] = round(own["memoryUsageUs"], 1)
    sample["share"] = round(sample["sampleUs"]["median"] / own["memoryUsageUs"], 2)
    return sample


def measure(node, kind):
    """All figures of one process: those of the round with the median share."""
    with target.Target(node, HERE / "target.js", kind, flags=FLAGS.get(kind, [])) as running:
        rounds = [measure_round(running) for _ in range(ROUNDS)]
        command = output_of(releases.tool("NODEMEM_BENCH_COMMAND", "bench/bench-command"),
                            COMMANDS, releases.nodemem(), "usage", running.pid)
        middle = sorted(rounds, key=lambda one: one["share"])[ROUNDS // 2]
        return {"heapTotal": running.hello["heapTotal"], **middle, "command": command}


def missed(kind, figures):
    """What is wanted and was not reached, in words."""
    share = figures["share"]
    open_ms = figures["openUs"]["median"] / 1000
    command_ms = figures["command"]["wallUs"]["median"] / 1000
    command_mib = figures["command"]["maxRssKib"] / 1024
    rows = [
        # Of five isolates a sample tells five times as much as memoryUsage().
        (kind != "five" and share > SAMPLE_SHARE,
         f"a sample takes {share:.2f} of memoryUsage(), wanted {SAMPLE_SHARE}"),
        (OPEN_MS[kind] is not None and open_ms > OPEN_MS[kind],
         f"opening takes {open_ms:.1f} ms, wanted {OPEN_MS[kind]}"),
        (command_ms > COMMAND_MS, f"usage takes {command_ms:.1f} ms, wanted {COMMAND_MS}"),
        (command_mib > COMMAND_MIB, f"usage takes {command_mib:.1f} MiB, wanted {COMMAND_MIB}"),
    ]
    return [text for is_missed, text in rows if is_missed]


def main(versions):
    document = {"schema": "nodemem/bench/1", "load": os.getloadavg()[0], "versions": {}}
    for version in versions or releases.listed():
        if not versions and not releases.is_there(version):
            continue
        node = releases.binary_or_skip(version)
        figures = {kind: measure(node, kind) for kind in OPEN_MS}
        document["versions"][version] = figures
        for kind, numbers in figures.items():
            for text in missed(kind, numbers):
                print(f"{version} {kind}: {text}", file=sys.stderr)
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
