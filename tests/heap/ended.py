#!/usr/bin/env python3
"""histo, dump and buffers of a core file, by gcore and of two kinds of deaths: ended.py VERSION"""
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

import planted
from planted import Findings, releases

CORE_PATTERN = pathlib.Path("/proc/sys/kernel/core_pattern")
HEAP_LIMIT = "--max-old-space-size=40"
ITEMS = 6000
# What fills a heap of that limit.
MANY_ITEMS = 40000
SAYS_CUT = re.compile(r"cut|truncated|incomplete|not whole|missing", re.IGNORECASE)


def classes_of(document):
    return {one["name"]: (one["count"], one["bytes"]) for one in document["classes"]
            if one["count"]}


def buffers_of(document):
    return sorted((one["bytes"], one["kind"], one["used"], one["views"], one["holder"])
                  for one in document["buffers"])


def ask_all(findings, where, path):
    """(classes, buffers, snapshot) of a process or core; None when one is not told."""
    histo = planted.answer(findings, "histo", where)
    buffers = planted.answer(findings, "buffers", where)
    document, one = planted.dump(findings, where, path)
    if not histo or not buffers or not one:
        return None
    findings.require(histo["via"] == buffers["via"] == document["via"], "via differs")
    return classes_of(histo), buffers_of(buffers), one


def check_core(findings, core, path, items):
    """It has what was planted."""
    told = ask_all(findings, core, path)
    if told is None:
        return None
    classes, buffers, one = told
    findings.require(classes["Item"][0] >= items, f"{classes['Item']} Items are in the core")
    findings.require(one.classes()["Item"] == list(classes["Item"]), "dump and histogram differ")
    large = [100000 + 1000 * i for i in range(50)]
    found = [size for size, kind, *_ in buffers if size in large and kind == "Buffer"]
    findings.require(found == large, f"{len(found)} of 50 Buffers are in the core")
    return told


def check_cut(findings, node, core):
    """Half of it gives what is there, or nothing; either way it is told that it is not whole."""
    os.truncate(core, core.stat().st_size // 2)
    for command in ("histo", "buffers"):
        ended = subprocess.run([releases.nodemem(), command, "--exe", node, str(core)],
                               capture_output=True, text=True, check=False,
                               timeout=planted.LIMIT_S)
        findings.require(ended.returncode in (0, 1) and SAYS_CUT.search(ended.stderr),
                         f"half a core, {command}: exit code {ended.returncode}, and it is not "
                         f"said that it is cut: {ended.stderr!r}")
        findings.require(ended.returncode == 0 or len(ended.stderr.splitlines()) == 1,
                         f"half a core, {command}: {ended.stderr!r}")


def by_gcore(findings, node, folder):
    """The core of a process at rest tells what the process itself does."""
    if not shutil.which("gcore"):
        return "there is no gcore"
    with planted.Planted(node, "without-wasm") as running:
        running.ask("gc")
        live = ask_all(findings, running.pid, folder / "live.heapsnapshot")
        subprocess.run(["gcore", "-o", folder / "core", str(running.pid)], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        core = folder / f"core.{running.pid}"
    told = check_core(findings, core, folder / "core.heapsnapshot", ITEMS)
    if live and told:
        differ = [name for name in set(live[0]) | set(told[0])
                  if live[0].get(name) != told[0].get(name)]
        findings.require(not differ, "classes differ: " + ", ".join(
            f"{name}: {live[0].get(name)}, in the core {told[0].get(name)}" for name in differ))
        findings.require(live[1] == told[1], "buffers differ: "
                         f"{[one for one in live[1] if one not in told[1]][:3]} and "
                         f"{[one for one in told[1] if one not in live[1]][:3]}")
        counts = [(one.count, one.first[-1]) for one in (live[2], told[2])]
        findings.require(counts[0] == counts[1], f"nodes and edges differ: {counts}")
    check_cut(findings, node, core)
    return None


def by_death(findings, node, folder, command, items, *flags):
    """Returns why there is no core, if so."""
    limit = resource.getrlimit(resource.RLIMIT_CORE)
    if limit[1] != resource.RLIM_INFINITY:
        return "cores are limited"
    resource.setrlimit(resource.RLIMIT_CORE, (limit[1], limit[1]))
    back = os.getcwd()
    os.chdir(folder)
    try:
        with planted.Planted(node, flags=flags, stderr=subprocess.DEVNULL) as running:
            running.ask("gc")
            running.send(command)
            ended = running.process.wait(timeout=planted.LIMIT_S)
    finally:
        os.chdir(back)
        resource.setrlimit(resource.RLIMIT_CORE, limit)
    findings.require(ended == -signal.SIGABRT, f"after {command} it ended with {ended}")
    cores = list(folder.glob("core*"))
    if not cores:
        return f"the kernel keeps no cores here: {CORE_PATTERN.read_text(encoding='ascii').strip()}"
    check_core(findings, cores[0], folder / "dead.heapsnapshot", items)
    check_cut(findings, node, cores[0])
    return None


WAYS = {
    "gcore": by_gcore,
    "abort": lambda *how: by_death(*how, "crash", ITEMS),
    "heap limit": lambda *how: by_death(*how, "exhaust", MANY_ITEMS, HEAP_LIMIT),
}


def main(version):
    node = releases.binary_or_skip(version)
    results, skipped = [], []
    for name, way in WAYS.items():
        findings = Findings(f"{version} core by {name}")
        with tempfile.TemporaryDirectory() as folder:
            skipped.append(way(findings, node, pathlib.Path(folder)))
        results.append(findings.report(skipped[-1] or ""))
    if all(skipped):
        return releases.SKIPPED
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
