#!/usr/bin/env python3
"""What was made to leak is found, with the place where it is written and what holds it: leaks.py VERSION"""
import json
import pathlib
import sys
import tempfile

import planted
from planted import HERE, Findings, releases
from common import target  # isort: skip

SCRIPT = HERE / "targets" / "leaking.js"
TURN = 500
# Class, what its objects are in, and the text of the line where it is written.
LEAKS = [("LeakedRequest", ".log", "constructor(i) {"), ("LeakedSession", ".sessions", "constructor(i) {"),
         ("Function", "._events", "function onTick")]


def snapshots(node, folder, count):
    with target.Target(node, SCRIPT, flags=["--expose-gc"]) as process:
        paths = [folder / f"{i}.heapsnapshot" for i in range(count)]
        for path in paths:
            process.process.stdin.write(f"turn {path}\n".encode())
            process.process.stdin.flush()
            process.read_line()
        return paths


def check_place(findings, name, place, text):
    if not findings.require(place and place["script"] == str(SCRIPT), f"{name} is said to be written "
                            f"at {place}"):
        return
    line = SCRIPT.read_text(encoding="utf-8").splitlines()[place["line"] - 1]
    # V8 takes a class for written where it begins, or its constructor.
    findings.require(text in line or f"class {name}" in line, f"{name}: line {place['line']} is {line!r}")


def check(findings, document, sides):
    leaks = {leak["name"]: leak for leak in document["leaks"]}
    for name, edge, text in LEAKS:
        leak = leaks.get(name)
        if not findings.require(leak is not None, f"{name} is not found of {sides}"):
            continue
        born = TURN * (sides - 1 if sides == 2 else 1)
        findings.require(leak["born"] >= born and leak["held"] >= born,
                         f"{name} of {sides}: {leak['born']} born, {leak['held']} held")
        findings.require(leak["within"] is None, f"{name} is within {leak['within']}")
        findings.require(any(step["edge"] == edge for step in leak["path"]),
                         f"{name}: the path is {[step['edge'] for step in leak['path']]}")
        check_place(findings, name, leak["place"], text)
    findings.require("CachedPage" not in leaks, "a full cache is taken for a leak")
    suspects = [leak["name"] for leak in document["leaks"]
                if leak["within"] is None and 2 * leak["held"] > leak["born"] and leak["born"] >= TURN]
    findings.require(sorted(suspects) == sorted(name for name, _, _ in LEAKS),
                     f"of {sides} snapshots {suspects} are suspected")


def main(version):
    node = releases.binary_or_skip(version)
    findings = Findings(f"{version} leaks")
    with tempfile.TemporaryDirectory() as name:
        paths = snapshots(node, pathlib.Path(name), 4)[1:]
        for sides in 2, 3:
            document = planted.answer(findings, "leaks", *paths[:sides])
            if document is not None:
                check(findings, document, sides)
        stayed = planted.answer(findings, "diff", *paths)
        if stayed is not None:
            counts = {row["name"]: row["addedCount"] for row in stayed["classes"]}
            findings.require(counts.get("LeakedRequest") == TURN and "CachedPage" not in counts,
                             f"of three snapshots stayed {counts}")
    return 0 if findings.report() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
