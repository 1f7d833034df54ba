#!/usr/bin/env python3
"""How long a process stands still for an image, by way and size of its heap: stops.py [VERSION]

Prints one JSON document. Needs memory for the largest heap twice.
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "node"))

import releases  # noqa: E402
import target  # noqa: E402

HEAPS_MB = [100, 300, 1000]
OBJECTS_PER_MB = 6000
TAKES = 7


def freeze(pid, way):
    command = [releases.tool("NODEMEM_FREEZE", "tests/safety/freeze"), str(pid), way, str(TAKES),
               "5000"]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    # The first by copy after forks pays for pages that were shared.
    return [line.split() for line in lines.splitlines()][1:]


def measure(node, heap_mb):
    script = ROOT / "tests" / "safety" / "targets" / "frozen.js"
    with target.Target(node, script, heap_mb * OBJECTS_PER_MB,
                       flags=["--max-old-space-size=4000"]) as process:
        time.sleep(1)
        found = {}
        for way in "copy", "fork":
            lines = freeze(process.pid, way)
            longest = [int(line[3]) / 1000 for line in lines]
            found[way] = {"copiedMib": int(lines[-1][5]) >> 20,
                          "stopMs": {"min": min(longest), "median": statistics.median(longest),
                                     "max": max(longest)},
                          "wholeMs": statistics.median(int(line[4]) / 1000 for line in lines)}
        return found


def main():
    version = sys.argv[1] if len(sys.argv) > 1 else releases.listed()[-2]
    node = releases.binary_or_skip(version)
    print(json.dumps({"schema": "nodemem/bench-stops/1", "node": version,
                      "load": round(os.getloadavg()[0], 2),
                      "heaps": {f"{size} MB": measure(node, size) for size in HEAPS_MB}},
                     indent=1))


if __name__ == "__main__":
    main()
