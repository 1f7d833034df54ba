#!/usr/bin/env python3
"""memlab opens a dump, and what things retain by it is what they do by V8's: retained.py VERSION"""
import json
import pathlib
import subprocess
import sys
import tempfile

import planted
import snapshot
from planted import HERE, Findings, releases

PERCENT_MAX = 1
# Each of what is compared retains more, so that none is compared that is not there.
BYTES_MIN = 20000
PLANTED = {"keep", "map", "byName", "byObject", "set", "doubles", "buffers", "typed", "big", "dates",
           "symbols", "weak", "dictionary", "closures", "texts", "promises", "expressions", "errors"}
BUFFERS_MIN = sum(range(100000, 150000, 1000))


def let_strings_go(truth, path):
    """V8's file has it that the table of internalized strings holds them, which it does not: so
    keys of objects, and of a Map in some releases, would be held by nobody else."""
    weak, changed = truth.edge_types.index("weak"), 0
    edges = truth.document["edges"]
    for node in range(truth.count):
        if truth.kinds[node] == "synthetic" and truth.names[node] == "(Internalized strings)":
            for edge in range(truth.first[node], truth.first[node + 1]):
                name = edges[3 * edge + 1]
                edges[3 * edge:3 * edge + 2] = [weak, name]
                changed += 1
    path.write_text(json.dumps(truth.document, separators=(",", ":")).replace(
        '"nodes":', '\n"nodes":', 1), encoding="ascii")
    return changed


def read_by_memlab(findings, *paths):
    """What it tells of each file, or None."""
    node = releases.binary_or_skip(releases.listed()[-1])
    ended = subprocess.run([node, str(HERE / "memlab.js"), str(planted.memlab_or_skip()),
                            *map(str, paths)], capture_output=True, text=True, check=False,
                           timeout=2 * planted.LIMIT_S)
    if not findings.require(ended.returncode == 0, "memlab does not read "
                            f"{[path.name for path in paths]}: {ended.stderr.strip()[-500:]}"):
        return None
    return [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]


def compare(findings, ours, theirs):
    """Returns the largest difference, in percent."""
    findings.require(set(theirs) == PLANTED and min(theirs.values()) > BYTES_MIN and
                     theirs["buffers"] > BUFFERS_MIN, f"V8's file has {theirs}")
    findings.require(set(ours) == PLANTED, f"of {PLANTED ^ set(ours)} only one file knows")
    worst = 0
    for name in sorted(PLANTED & set(ours)):
        percent = 100 * (ours[name] - theirs[name]) / theirs[name]
        worst = max(worst, abs(percent))
        findings.require(abs(percent) <= PERCENT_MAX, f"{name} retains {ours[name]}, by V8's "
                         f"file {theirs[name]}: {percent:+.2f} %")
    return worst


def main(version):
    node = releases.binary_or_skip(version)
    planted.memlab_or_skip()
    findings, worst = Findings(f"{version} retained sizes"), None
    with tempfile.TemporaryDirectory() as name, planted.Planted(node) as running:
        ours, theirs, redacted = (pathlib.Path(name, f"{word}.heapsnapshot")
                                  for word in ("ours", "v8", "redacted"))
        running.ask("gc")
        one = planted.dump(findings, running.pid, ours)[1]
        planted.dump(findings, running.pid, redacted, "--redact", every=False)
        running.ask("snapshot", theirs)
        truth, problems = snapshot.load(theirs, every=False)
        findings.problems += problems
        if one and truth:
            findings.require(let_strings_go(truth, theirs) > 1000, "V8's file has no such table")
            told = read_by_memlab(findings, ours, redacted, theirs)
        if one and truth and told:
            counts = one.count, one.first[-1]
            findings.require((told[0]["nodes"], told[0]["edges"]) == counts,
                             f"memlab sees {told[0]}, not {counts}")
            findings.require(told[0] == told[1], "the redacted file differs: "
                             f"{told[0]} and {told[1]}")
            worst = compare(findings, told[0]["retained"], told[2]["retained"])
    return 0 if findings.report(f"at most {worst} % apart") else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
