#!/usr/bin/env python3
"""nodemem's dump and histogram against v8.writeHeapSnapshot() of the same process:
dump.py [VERSION] [MEGABYTES...]

How long the process stood still, by how much its memory grew, and how long all took. Prints one JSON
document. For 1,000 MB V8 needs some minutes and 12 GB.
"""
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "node"))

import releases  # noqa: E402
import target  # noqa: E402

HEAPS_MB = [20, 100, 300]
TAKES = 5


def rss_kb(pid, which):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(which):
            return int(line.split()[1])
    raise RuntimeError(f"process {pid} has no {which}")


class Growth:
    """By how much the process is larger at its largest than it was before."""

    def __init__(self, pid):
        self.pid = pid
        # The mark of the largest begins anew: proc(5), clear_refs.
        pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
        self.before = rss_kb(pid, "VmRSS:")

    def mib(self):
        return round((rss_kb(self.pid, "VmHWM:") - self.before) / 1024, 1)


def spread(values):
    return {"min": round(min(values), 2), "median": round(statistics.median(values), 2),
            "max": round(max(values), 2)}


def take(words):
    """(answer, seconds, processor seconds) of a run of nodemem."""
    begun, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([releases.nodemem(), *map(str, words), "--json", "--max-stop", "5000"],
                          check=True, stdout=subprocess.PIPE, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    return json.loads(done.stdout), time.monotonic() - begun, cpu


def measure_ours(pid, words):
    growth, stops, whole, cpu = Growth(pid), [], [], []
    for _ in range(TAKES):
        answer, seconds, used = take([*words, pid])
        stops.append(answer["longestStopMs"])
        whole.append(1000 * seconds)
        cpu.append(1000 * used)
    return {"stopMs": spread(stops), "wholeMs": spread(whole), "processorMs": spread(cpu),
            "growthMib": growth.mib()}


def measure(node, megabytes, folder):
    flags = ["--expose-gc", "--max-old-space-size=16000"]
    with target.Target(node, ROOT / "bench" / "heap.js", megabytes, flags=flags) as process:
        pid, file = process.pid, folder / "a.heapsnapshot"
        found = {"heapUsed": process.hello["heapUsed"], "items": process.hello["items"]}
        for way in "copy", "fork":
            found[f"histo by {way}"] = measure_ours(pid, ["histo", "--via", way])
            found[f"dump by {way}"] = measure_ours(pid, ["dump", "--via", way, "-o", file])
        growth = Growth(pid)
        process.process.stdin.write(f"snapshot {file}\n".encode())
        process.process.stdin.flush()
        theirs = json.loads(process.read_line())["ms"]
        found["v8"] = {"stopMs": round(theirs, 1), "growthMib": growth.mib()}
        found["timesShorter"] = {way: round(theirs / found[f"dump by {way}"]["stopMs"]["median"])
                                 for way in ("copy", "fork")}
        return found


def main():
    words = sys.argv[1:]
    version = words.pop(0) if words else releases.listed()[-2]
    node = releases.binary_or_skip(version)
    with tempfile.TemporaryDirectory() as name:
        heaps = {f"{size} MB": measure(node, size, pathlib.Path(name))
                 for size in (map(int, words) if words else HEAPS_MB)}
    print(json.dumps({"schema": "nodemem/bench-dump/1", "node": version,
                      "load": round(os.getloadavg()[0], 2), "heaps": heaps,
                      "largestRunMib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
                      >> 10}, indent=1))


if __name__ == "__main__":
    main()
