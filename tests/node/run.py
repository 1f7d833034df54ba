#!/usr/bin/env python3
"""Does nodemem tell of a resting Node.js process what the process tells of itself?

    run.py VERSION [--calibrated] [STATE...]

Each state is reached ROUNDS times; each time the target's own numbers, taken right before it
came to rest, are compared with those of `nodemem usage PID --json`.
"""

import collections
import json
import os
import struct
import subprocess
import sys

import releases
import target

STATES = ["idle", "allocating", "major", "minor", "workers", "big", "loop", "functions", "zlib"]
FLAGS = {
    "loop": ["--expose-gc"],
    "major": ["--expose-gc"],
    "minor": ["--expose-gc"],
    "big": ["--max-old-space-size=4096"],
    # Or the main thread still compiles what it ran to bring its workers to rest.
    "workers": ["--no-opt", "--no-sparkplug"],
}
MAGLEV_FROM = 22
ROUNDS = 20
# The first rounds make the target warm: its own reporting gets compiled in them.
WARM_ROUNDS = 3
# What the target allocates itself between taking its numbers and coming to rest.
RESIDUE = 8 << 10
# Now and then the target itself moves between taking its numbers and coming to rest: it collects,
# a thread of V8 frees dead buffers, a page or an area for allocating is taken. One round of twenty
# may differ for that; what nodemem gets wrong differs in all of them.
ROUNDS_OFF_MAX = 1
ANYTHING = 1 << 40
RSS_RESIDUE = 1 << 20
# The kernel adds up what each of its processors counted, in batches of pages.
KERNEL_RESIDUE = 512 << 10
EXACT = ["external", "arrayBuffers", "heapSizeLimit"]


def unpack(hello, data):
    """The raw doubles as [{"heapTotal": …, "spaces": {name: {"size", "used", "available"}}}, …]."""
    numbers = iter(int(value) for value in struct.unpack(f"={len(data) // 8}d", data))
    isolates = []
    for _ in range(hello["isolates"]):
        isolate = {name: next(numbers) for name in hello["isolateNumbers"]}
        isolate["spaces"] = {space: {name: next(numbers) for name in hello["spaceNumbers"]}
                             for space in hello["spaces"]}
        isolates.append(isolate)
    return isolates


def ask_nodemem(pid):
    """The document of `nodemem usage`."""
    ended = subprocess.run([releases.nodemem(), "usage", str(pid), "--json"],
                           capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise RuntimeError(f"nodemem usage ended with {ended.returncode}: {ended.stderr.strip()}")
    return json.loads(ended.stdout)


class Findings:
    """The differences of one state, by number, over its rounds."""

    def __init__(self, is_calibrated=False):
        self.errors = collections.defaultdict(list)
        self.problems = []
        self.is_calibrated = is_calibrated

    def compare(self, name, own, seen):
        """Note by how much nodemem is above the target's own number."""
        if seen is None:
            self.problems.append(f"{name} is unknown to nodemem")
        else:
            self.errors[name].append(seen - own)

    def require(self, truth, text):
        """Note a problem that no count of rounds excuses."""
        if not truth:
            self.problems.append(text)

    def judge(self, name, bound, most, rounds_off_max):
        """All within `most`, and all but a few rounds within `bound`."""
        errors = self.errors[name]
        off = [error for error in errors if abs(error) > bound]
        if len(off) > rounds_off_max or any(abs(error) > most for error in off):
            self.problems.append(f"{name} is off in {len(off)} of {len(errors)} rounds, "
                                 f"by {off[:3]}{' …' if len(off) > 3 else ''}")


def compare_spaces(findings, prefix, own, seen):
    """Every space which the target names, by its name."""
    seen_by_name = {space["name"]: space for space in seen}
    for name, numbers in own.items():
        space = seen_by_name.get(name, {})
        for what, value in numbers.items():
            if what == "available" and findings.is_calibrated:
                findings.require(space[what] is None, f"{prefix}.{name}.{what} is {space[what]}")
                continue
            findings.compare(f"{prefix}.{name}.{what}", value, space.get(what))
    for name in seen_by_name.keys() - own.keys():
        findings.require(seen_by_name[name]["size"] == 0, f"{prefix}: no such space: {name}")


def kernel_rss(pid):
    """Resident bytes, as the kernel counts them now."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def compare_round(findings, own, document, kernel):
    """One moment: what the target told, and what nodemem told."""
    names = ["main"] + [f"worker-{i}" for i in range(1, len(own))]
    seen_names = [isolate["name"] for isolate in document["isolates"]]
    findings.require(seen_names == names, f"isolates are {seen_names}, not {names}")
    findings.compare("rss", own[0]["rss"], document["rss"])
    findings.require(min(kernel) - KERNEL_RESIDUE <= document["rss"] <=
                     max(kernel) + KERNEL_RESIDUE,
                     f"rss is {document['rss']} while the kernel says {kernel}")
    for name, isolate, seen in zip(names, own, document["isolates"]):
        findings.require(not seen["inGc"], f"{name} is said to be in a collection")
        for key in ["heapTotal", "heapUsed", *EXACT]:
            findings.compare(f"{name}.{key}", isolate[key], seen[key])
        compare_spaces(findings, name, isolate["spaces"], seen["spaces"])
    for key in ["heapTotal", "heapUsed", *EXACT]:
        findings.require(document[key] == document["isolates"][0][key],
                         f"{key} at the top is not main's")


def judge(findings):
    """Apply the bounds; see the constants above."""
    for name in sorted(findings.errors):
        what = name.split(".")[-1]
        if name == "rss":
            # It goes on moving after the target took it: pages are given back by other threads.
            findings.judge(name, RSS_RESIDUE, ANYTHING, ROUNDS_OFF_MAX)
        elif what in EXACT:
            findings.judge(name, 0, 0, 0)
        elif what == "heapUsed" or name.endswith(("new_space.used", "new_space.available")):
            findings.judge(name, RESIDUE, ANYTHING, ROUNDS_OFF_MAX)
        else:
            findings.judge(name, 0, ANYTHING, ROUNDS_OFF_MAX)
    return list(dict.fromkeys(findings.problems))


def run_rounds(running, count, findings):
    """Let the target reach its state `count` times, and compare each time."""
    isolates = running.hello["isolates"]
    numbers = len(running.hello["isolateNumbers"]) + len(running.hello["spaceNumbers"]) * len(running.hello["spaces"])
    for _ in range(count):
        running.go_on()
        own = unpack(running.hello, running.read_numbers(8 * numbers * isolates))
        if findings:
            before = kernel_rss(running.pid)
            document = ask_nodemem(running.pid)
            compare_round(findings, own, document, [before, kernel_rss(running.pid)])


def run_state(node, major, state, is_calibrated):
    """All rounds of one state; a target that does not rest serves for one round only."""
    findings = Findings(is_calibrated)
    flags = list(FLAGS.get(state, []))
    if state == "workers" and major >= MAGLEV_FROM:
        flags.append("--no-maglev")
    starts, rounds, warm = (ROUNDS, 1, 0) if state == "loop" else (1, ROUNDS, WARM_ROUNDS)
    for _ in range(starts):
        with target.Target(node, target.TARGETS / "states.js", state,
                           flags=flags) as running:
            run_rounds(running, warm, None)
            run_rounds(running, rounds, findings)
    return findings, judge(findings)


def span(errors):
    """The least and the most of them."""
    return f"{min(errors):+} … {max(errors):+}" if errors else "never known"


def describe(errors):
    """The differences in short: how many rounds were equal, and the range of all."""
    equal = sum(1 for error in errors if error == 0)
    return f"equal in {equal} of {len(errors)}, {span(errors)} bytes"


def report(version, state, findings, problems):
    """One line a state, and one for each number which ever differed by more than the residue."""
    print(f"{version} {state}: {'FAILED' if problems else 'ok'}; "
          f"heapUsed {span(findings.errors['main.heapUsed'])}; rss {span(findings.errors['rss'])}")
    for name, errors in sorted(findings.errors.items()):
        expected = RSS_RESIDUE if name == "rss" else RESIDUE if name.endswith("sed") else 0
        if any(abs(error) > expected for error in errors):
            print(f"    {name}: {describe(errors)}")
    for problem in problems:
        print(f"    problem: {problem}")
    sys.stdout.flush()


def main(words):
    if not words:
        sys.exit("usage: run.py VERSION [--calibrated] [STATE...]")
    is_calibrated = "--calibrated" in words
    version, *states = [word for word in words if word != "--calibrated"]
    node = releases.binary_or_skip(version)
    failed = 0
    for state in states or STATES:
        findings, problems = run_state(node, int(version.split(".")[0]), state, is_calibrated)
        report(version, state, findings, problems)
        failed += bool(problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
