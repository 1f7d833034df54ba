#!/usr/bin/env python3
"""Are samples of a process that allocates and collects without pause numbers it really had?

    moving.py VERSION

The target logs its own numbers about every 100 us. A sample must lie within what the log says
right before and right after it. Samples said to be inside a collection are counted, not
compared: the numbers they carry are older.
"""

import array
import bisect
import pathlib
import subprocess
import sys
import tempfile

import releases
import target

SAMPLES = 3000
INTERVAL_US = 500
NUMBERS = ["heapTotal", "heapUsed", "external", "arrayBuffers"]
KNOWN = 2 | 4 | 8 | 16  # enum nm_has, of these four
# Neighbours in the log further apart have a collection between them and prove little.
GAP_MAX_US = 3000
# A sample that had to try again read the memory at its very end.
LAST_TRY_US = 200
# How many may lie outside, by the major version: {number: share}.
OUTSIDE_MAX = {16: 0.15, 18: 0.15, 20: 0.15, 22: 0.15, 24: 0.03, 26: 0.03}


def take_samples(pid):
    """The sampler's lines as lists of integers."""
    command = [releases.sampler(), str(pid), str(SAMPLES), str(INTERVAL_US)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return [[int(word) for word in line.split()] for line in ended.stdout.splitlines()[1:]]


def run_target(node):
    """The samples, and the target's log as [(begin, end, numbers…)] in microseconds."""
    with tempfile.TemporaryDirectory() as folder:
        log, stop = pathlib.Path(folder, "log"), pathlib.Path(folder, "stop")
        script = target.TARGETS / "moving.js"
        with target.Target(node, script, log, stop) as running:
            samples = take_samples(running.pid)
            stop.touch()
            running.process.wait()
        values = array.array("d", log.read_bytes())
    return samples, [values[i:i + 6] for i in range(0, len(values), 6)]


def neighbours(log, begins, sample):
    """The entries of the log from right before the sample to right after it."""
    begin, end, tries = sample[0] / 1000, sample[1] / 1000, sample[2]
    if tries > 1:
        begin = max(begin, end - LAST_TRY_US)
    first = bisect.bisect(begins, begin) - 1
    last = bisect.bisect(begins, end)
    return log[first:last + 1] if first >= 0 and last < len(log) else []


def distance(value, around):
    """0 within them, else how far below (negative) or above."""
    low, high = min(around), max(around)
    return value - low if value < low else value - high if value > high else 0


def compare(samples, log):
    """How far outside each number of each comparable sample is; and the counts of the others."""
    begins = [entry[0] for entry in log]
    errors = {name: [] for name in NUMBERS}
    counts = {"in a collection": 0, "in a gap of the log": 0, "outside the log": 0}
    for sample in samples:
        if sample[3]:
            counts["in a collection"] += 1
            continue
        near = neighbours(log, begins, sample)
        if not near:
            counts["outside the log"] += 1
        elif near[-1][1] - near[0][0] > GAP_MAX_US:
            counts["in a gap of the log"] += 1
        else:
            for i, name in enumerate(NUMBERS):
                errors[name].append(distance(sample[5 + i], [entry[2 + i] for entry in near]))
    return errors, counts


def quantile(errors, share):
    """The size of error which this share does not pass."""
    return sorted(abs(error) for error in errors)[int((len(errors) - 1) * share)]


def main(words):
    if len(words) != 1:
        sys.exit("usage: moving.py VERSION")
    version = words[0]
    samples, log = run_target(releases.binary_or_skip(version))
    errors, counts = compare(samples, log)
    compared = len(errors["heapUsed"])
    impossible = sum(1 for sample in samples
                     if sample[4] & KNOWN != KNOWN or sample[6] > sample[5])
    print(f"{version}: {len(samples)} samples, {len(log)} entries in the log, {compared} compared; "
          + ", ".join(f"{count} {where}" for where, count in counts.items())
          + f"; {impossible} with a number unknown or used > total")
    failed = impossible > 0 or compared < SAMPLES / 20
    for name in NUMBERS:
        outside = sum(1 for error in errors[name] if error) / max(1, compared)
        failed = failed or outside > OUTSIDE_MAX[releases.major(version)]
        print(f"    {name}: {outside:.2%} outside; the error's p95 {quantile(errors[name], .95):.0f}, "
              f"p99 {quantile(errors[name], .99):.0f}, max {quantile(errors[name], 1):.0f} bytes")
    print("FAILED" if failed else "ok")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
