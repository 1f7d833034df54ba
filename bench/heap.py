#!/usr/bin/env python3
"""What reading heap snapshots costs, against memlab; one JSON document.

    heap.py [quick]

Large ones are made: 7.3 million nodes with a list a million deep, and one with 640 MB of text. memlab is
that of tools/node-packages, run by the newest Node.js but one; quick leaves it out. See README.md.
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "node"))

import releases  # noqa: E402

ROUNDS = 3
FILES = {"large": ("records", 7300000), "medium": ("records", 1300000), "texts": ("strings", 640000000)}
MEMLAB_LIMIT_S = 900


def run(words, limit_s=300):
    """(seconds of wall, of processor, MiB at the largest), or None when it failed or took too long."""
    begun = os.times()
    process = subprocess.Popen(list(map(str, words)), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    timer = threading.Timer(limit_s, process.kill)
    timer.start()
    _, status, usage = os.wait4(process.pid, 0)
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        return None
    return (os.times().elapsed - begun.elapsed, usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss >> 10)


def median(runs):
    return {name: round(statistics.median(one[i] for one in runs), 2)
            for i, name in enumerate(("wallS", "processorS", "mib"))}


def measure(folder, name, with_memlab):
    path = folder / f"{name}.heapsnapshot"
    with path.open("wb") as file:
        subprocess.run([releases.tool("NODEMEM_BENCH_SNAPSHOT", "bench/bench-snapshot"),
                        *map(str, FILES[name])], stdout=file, check=True)
    found = {"fileMiB": path.stat().st_size >> 20,
             "heap": median([run([releases.nodemem(), "heap", path]) for _ in range(ROUNDS)]),
             "histo": median([run([releases.nodemem(), "histo", path]) for _ in range(ROUNDS)])}
    memlab = releases.cache() / "memlab"
    if with_memlab and memlab.exists():
        node = releases.binary_or_skip(releases.listed()[-2])
        theirs = run([node, "--max-old-space-size=8000", HERE / "memlab.js", memlab, path],
                     MEMLAB_LIMIT_S)
        found["memlab"] = median([theirs]) if theirs else "failed"
        if theirs:
            found["timesFaster"] = round(theirs[1] / found["heap"]["processorS"], 1)
    path.unlink()
    return found


def main():
    with tempfile.TemporaryDirectory() as name:
        found = {file: measure(pathlib.Path(name), file, "quick" not in sys.argv[1:])
                 for file in FILES}
    print(json.dumps({"schema": "nodemem/bench-heap/1", "load": round(os.getloadavg()[0], 2),
                      "files": found}, indent=1))


if __name__ == "__main__":
    main()
