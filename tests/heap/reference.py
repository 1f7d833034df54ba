#!/usr/bin/env python3
"""Chrome DevTools' own numbers of heap snapshots, node by node and class by class: reference.py [FOLDER]

FOLDER holds NAME.heapsnapshot.zst, NAME.devtools.nodes.tsv.zst and NAME.devtools.json; without it the small
ones in tests/fixtures are taken, and those in the folder that NODEMEM_REFERENCE names.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from planted import Findings, releases

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "snapshots"
ROW = ["name", "count", "shallow", "retained", "distance"]
SHOWN = 5
# Only against hanging.
LIMIT_S = 300


def run(*words):
    done = subprocess.run([releases.nodemem(), *map(str, words)], capture_output=True, text=True,
                          check=False, timeout=LIMIT_S)
    if done.returncode:
        raise RuntimeError(f"{words}: exit code {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def unpacked(path):
    return subprocess.run(["zstd", "-dcq", path], stdout=subprocess.PIPE, check=True).stdout


def same_nodes(findings, ours, theirs):
    ours, theirs = ours.splitlines(), theirs.splitlines()
    findings.require(len(ours) == len(theirs), f"{len(ours)} lines of nodes, {len(theirs)} are there")
    wrong = [(one.decode(), other.decode()) for one, other in zip(ours, theirs) if one != other]
    findings.require(not wrong, f"{len(wrong)} nodes differ: {wrong[:SHOWN]}")


def same_classes(findings, ours, theirs, total):
    """Row by row; returns the keys of rows that DevTools loses. Of two classes with one key (closures, and
    an object whose constructor is named Function) it shows the last only: its rows then lack bytes."""
    ours = {row["key"]: [row[name] for name in ROW] for row in ours}
    theirs = {row["key"]: [row[name] for name in ROW] for row in theirs}
    wrong = [(key, ours.get(key), theirs.get(key)) for key in sorted({*ours, *theirs})
             if ours.get(key) != theirs.get(key)]
    lost, losing = total - sum(row[2] for row in theirs.values()), set()
    if lost and all(one and other for _, one, other in wrong) and \
            sum(one[2] - other[2] for _, one, other in wrong) == lost:
        losing = {key for key, _, _ in wrong}
        print(f"    DevTools loses {lost} bytes of {losing}")
        wrong = []
    findings.require(not wrong, f"{len(wrong)} of {len(theirs)} classes differ: {wrong[:SHOWN]}")
    findings.require(sum(row[2] for row in ours.values()) == total,
                     "the classes do not add up to the whole heap")
    return losing


def same_statistics(findings, ours, theirs):
    seen = {"total": ours["total"],
            "native": {"total": ours["native"], "typedArrays": ours["typedArrays"]},
            "v8heap": {"total": ours["v8heap"],
                       **{name: ours[name] for name in ("code", "jsArrays", "strings", "system")}}}
    findings.require(seen == theirs, f"the statistics are {seen}, not {theirs}")


def is_path(text):
    """Paths in the reference's snapshots were replaced after DevTools had read them."""
    return "/" in text and "\n" not in text


def same_duplicates(findings, ours, theirs):
    """The texts that DevTools shows first; it cuts them off."""
    for row in theirs["top"]:
        same = [one for one in ours if one["text"].startswith(row["value"]) and
                (one["count"], one["size"], one["retained"]) ==
                (row["count"], row["self"], row["retained"])]
        findings.require(same or is_path(row["value"]), f"a text of theirs is not there: {row}")


def same_diff(findings, folder, path, losing):
    theirs = json.loads(path.read_text(encoding="utf-8"))
    names = [theirs[side] + ".zst" for side in ("base", "target")]
    ours = json.loads(run("diff", "--json", *(folder / name for name in names)))["classes"]
    ours, theirs = ({row["key"]: row for row in rows} for rows in (ours, theirs["rows"]))
    wrong = [(key, ours.get(key), theirs.get(key)) for key in sorted({*ours, *theirs})
             if ours.get(key) != theirs.get(key) and (key in theirs or key not in losing)]
    findings.require(not wrong, f"{len(wrong)} of {len(theirs)} rows of {path.name} differ: "
                     f"{wrong[:SHOWN]}")
    print(f"{path.name}: {len(theirs)} rows compared")


def check(findings, folder, name, scratch):
    snapshot = folder / f"{name}.heapsnapshot.zst"
    theirs = json.loads((folder / f"{name}.devtools.json").read_text(encoding="utf-8"))
    nodes = scratch / "nodes.tsv"
    ours = json.loads(run("heap", "--json", "--nodes", nodes, snapshot))
    same_nodes(findings, nodes.read_bytes(), unpacked(folder / f"{name}.devtools.nodes.tsv.zst"))
    losing = same_classes(findings, ours["classes"], theirs["classes"], theirs["total_size"])
    same_statistics(findings, ours["statistics"], theirs["statistics"])
    same_duplicates(findings, json.loads(run("strings", "--json", snapshot))["duplicates"],
                    theirs["duplicate_strings"])
    findings.require(ours["totalBytes"] == theirs["total_size"],
                     f"{ours['totalBytes']} bytes, {theirs['total_size']} are there")
    print(f"{name}: {ours['nodes']} nodes and {len(theirs['classes'])} classes compared")
    return losing


def main(words):
    folders = [pathlib.Path(word) for word in words] or [FIXTURES]
    if not words and os.environ.get("NODEMEM_REFERENCE"):
        folders.append(pathlib.Path(os.environ["NODEMEM_REFERENCE"]))
    findings = Findings("numbers of DevTools")
    with tempfile.TemporaryDirectory() as scratch:
        for folder in folders:
            names = sorted(path.name.removesuffix(".devtools.nodes.tsv.zst")
                           for path in folder.glob("*.devtools.nodes.tsv.zst"))
            findings.require(names, f"{folder} has no snapshots with nodes")
            losing = set()
            for name in names:
                losing |= check(findings, folder, name, pathlib.Path(scratch))
            for path in sorted(folder.glob("diff-*.devtools.json")):
                same_diff(findings, folder, path, losing)
    return 0 if findings.report() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
