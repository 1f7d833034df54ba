#!/usr/bin/env python3
"""What grew between two ledgers of a process: since.py VERSION"""
import json
import pathlib
import sys
import tempfile

import command
import inside
from common import releases

MIB = 1 << 20
GROWS_BY = 3 * 10 * MIB
# What the target touches besides.
RESIDUE = 4 * MIB


def check_deltas(first, second, findings):
    """Each part tells how much it is above what it was; together they tell of the whole."""
    def key(part):
        return part["group"], part["name"], part["isolate"]

    before = {key(part): part["rss"] for part in first["parts"]}
    total = 0
    for part in second["parts"]:
        if not findings.require("rssDelta" in part, f"part {part['name']} has no rssDelta"):
            return
        was = before.pop(key(part), 0)
        total += part["rssDelta"]
        findings.require(part["rss"] - part["rssDelta"] == was, f"part {part['name']} of "
                         f"{part['rss']} was {was}, its rssDelta is {part['rssDelta']}")
    gone = sum(before.values())
    findings.require(total - gone == second["rss"] - first["rss"], f"the deltas add up to {total}, "
                     f"less {gone} of parts which are gone; rss went from {first['rss']} to "
                     f"{second['rss']}")
    grown = sum(part["rssDelta"] for part in second["parts"]
                if part["group"] in ("array buffers", "malloc"))
    findings.require(GROWS_BY - RESIDUE <= grown <= GROWS_BY + RESIDUE,
                     f"{GROWS_BY} bytes of Buffers came, the deltas show {grown}")


def check_refusals(pid, folder, findings):
    """A file that is none of ours is an error, never a comparison."""
    for name, text in (("empty", ""), ("garbage", "{"), ("other", '{"schema":"nodemem/usage/1"}'),
                       ("hollow", '{"schema":"nodemem/rss/1"}')):
        file = pathlib.Path(folder, name)
        file.write_text(text, encoding="utf-8")
        ended = command.run(pid, "--since", str(file))
        findings.require(ended.returncode in (1, 2) and ended.stderr.startswith("nodemem: "),
                         f"a file that is {name}: exit code {ended.returncode}, {ended.stderr!r}")


def main(version):
    node = releases.binary_or_skip(version)
    findings = command.Findings(f"{version} since")
    with inside.Inside(node, "mixed") as running, tempfile.TemporaryDirectory() as folder:
        running.numbers()
        first = command.read_at_rest(running.pid, findings)
        file = pathlib.Path(folder, "first.json")
        file.write_text(json.dumps(first) + "\n", encoding="utf-8")
        running.numbers(b"g")
        second = command.read_at_rest(running.pid, findings, "--since", str(file))
        if first and second:
            check_deltas(first, second, findings)
        check_refusals(running.pid, folder, findings)
    return 0 if findings.report() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
