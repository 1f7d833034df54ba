#!/usr/bin/env python3
"""What was made to leak is found, with the place where it is written and what holds it: leaks.py VERSION"""
import json
import pathlib
import subprocess
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


def turn(process, *path):
    process.process.stdin.write(" ".join(["turn", *map(str, path)]).encode() + b"\n")
    process.process.stdin.flush()
    process.read_line()


def snapshots(node, folder, count):
    with target.Target(node, SCRIPT, flags=["--expose-gc"]) as process:
        paths = [folder / f"{i}.heapsnapshot" for i in range(count)]
        for path in paths:
            turn(process, path)
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
                if leak["suspect"] and leak["counts"][-1] - leak["counts"][0] >= TURN]
    findings.require(sorted(suspects) == sorted(name for name, _, _ in LEAKS),
                     f"of {sides} snapshots {suspects} are suspected")


def check_outside(findings, document, sides, pid):
    """No ids tell which are new: all that are where more came count."""
    findings.require(document["pid"] == pid and document["stoppedMs"] > 0, f"it is said to be of {document['pid']}")
    leaks = {leak["name"]: leak for leak in document["leaks"]}
    for name, edge, text in LEAKS:
        leak = leaks.get(name)
        if not findings.require(leak is not None, f"{name} is not found from outside, of {sides}"):
            continue
        more = TURN * (sides - 1)
        findings.require(leak["born"] is None and more <= leak["counts"][-1] - leak["counts"][0] <= more + 60,
                         f"{name} of {sides}: {leak['counts']}")
        findings.require(leak["held"] >= TURN * sides, f"{name} of {sides}: {leak['held']} held")
        findings.require(any(step["edge"] == edge for step in leak["path"]),
                         f"{name}: the path is {[step['edge'] for step in leak['path']]}")
        check_place(findings, name, leak["place"], text)
    suspects = sorted(leak["name"] for leak in document["leaks"]
                      if leak["suspect"] and leak["counts"][-1] - leak["counts"][0] >= TURN)
    findings.require(suspects == sorted(name for name, _, _ in LEAKS), f"from outside {suspects} are suspected")


def look_from_outside(findings, node, folder):
    """Dumps of nodemem, and in the place of the last the process itself."""
    dumps = [folder / f"{i}.heapsnapshot.zst" for i in range(2)]
    with target.Target(node, SCRIPT, flags=["--expose-gc"]) as process:
        turn(process)
        for path in dumps:
            turn(process)
            planted.answer(findings, "dump", *planted.STOP, "-o", path, process.pid)
        turn(process, folder / "v8.heapsnapshot")
        for sides in 2, 3:
            # The first look is two or one turns ago, and there is one turn before it.
            words = [*dumps[2 - sides + 1:], process.pid]
            document = planted.answer(findings, "leaks", *planted.STOP, *words)
            if document is not None:
                check_outside(findings, document, sides, process.pid)
        check_differences(findings, dumps[1], process.pid)
        check_refused(findings, "leaks", dumps[1], folder / "v8.heapsnapshot")
        check_refused(findings, "diff", folder / "v8.heapsnapshot", process.pid)
        check_refused(findings, "diff", *dumps, process.pid)


def check_differences(findings, before, pid):
    document = planted.answer(findings, "diff", *planted.STOP, before, pid)
    if document is None:
        return
    rows = {row["name"]: row for row in document["classes"]}
    row = rows.get("LeakedRequest", {})
    findings.require(row.get("countDelta") == TURN and row["addedCount"] is None and row["removedSize"] is None,
                     f"the difference is {row}")
    findings.require("CachedPage" not in rows, f"pages came and went: {rows.get('CachedPage')}")


def check_refused(findings, *words):
    done = subprocess.run([releases.nodemem(), *map(str, words)], capture_output=True, text=True, check=False)
    findings.require(done.returncode == 1 and "cannot" in done.stderr, f"{words}: {done.returncode}, {done.stderr}")


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
        look_from_outside(findings, node, pathlib.Path(name))
    return 0 if findings.report() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
