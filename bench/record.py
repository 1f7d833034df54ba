#!/usr/bin/env python3
"""What recording costs: twenty processes at one sample a second, and a week of one; one JSON document.

    record.py [VERSION] [PROCESSES] [SECONDS]

Wanted: under 1 % of a core and under 30 MiB for twenty processes; a week of one process in under 50 MB, and a page of
it in under 2 s.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "node"))

import releases  # noqa: E402

TARGET = """
setInterval(() => { const some = []; for (let i = 0; i < 500; i++) some.push({ i }); }, 100);
console.log('ready');
"""


def used(pid):
    """Seconds of processor, and MiB at the largest."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), int(peak.split()[1]) / 1024


def record(node, count, seconds, folder):
    targets = [subprocess.Popen([node, "-e", TARGET], stdout=subprocess.PIPE) for _ in range(count)]
    try:
        for target in targets:
            target.stdout.readline()
        path = folder / "many"
        recorder = subprocess.Popen([releases.nodemem(), "record", "-o", path,
                                     *(str(target.pid) for target in targets)],
                                    stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        time.sleep(float(os.environ.get("S", "5")))  # opening them is not what is measured
        before, _ = used(recorder.pid)
        time.sleep(seconds)
        after, peak = used(recorder.pid)
        recorder.terminate()
        recorder.wait()
    finally:
        for target in targets:
            target.kill()
            target.wait()
    size = path.stat().st_size
    return {"processes": count, "seconds": seconds, "percentOfACore": round(100 * (after - before) / seconds, 2),
            "peakMib": round(peak, 1), "fileKib": size >> 10}


def main():
    version = sys.argv[1] if len(sys.argv) > 1 else releases.listed()[-2]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    seconds = int(sys.argv[3]) if len(sys.argv) > 3 else 60
    with tempfile.TemporaryDirectory() as name:
        found = record(releases.binary_or_skip(version), count, seconds, pathlib.Path(name))
    print(json.dumps({"schema": "nodemem/bench-record/1", "load": round(os.getloadavg()[0], 2), **found}, indent=1))


if __name__ == "__main__":
    main()
