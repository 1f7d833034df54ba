#!/usr/bin/env python3
"""Is every byte of a Node.js process named, and named rightly?

    scenarios.py VERSION SCENARIO...

Each scenario fills the memory of a process with something known. The ledger is compared with
smaps, with mallinfo2() and malloc_trim() called in the process, and with what V8 tells there.
"""

import contextlib
import os
import shutil
import sys
import tempfile

import command
import inside
import outside
from common import is_running, releases, threads_of, wait_for_rest

MIB = 1 << 20
IN_USE_SHARE, FREE_SHARE, RECLAIMABLE_SHARE = 0.01, 0.01, 0.03
# Below this the allocator's own rounding is all there is.
RECLAIMABLE_LEAST = MIB
ARRAY_BUFFERS_RESIDUE = 1024
# Buffers that can grow are array buffers, though newer releases of Node.js do not count them.
UNCOUNTED = {"kinds": 20 * MIB}
UNNAMED_SHARE = {"addons": 0.05, "jemalloc": 0.05}
UNNAMED_SHARE_ELSE = 0.01
# What is used of a space is resident; of its size, what was never used need not be.
SPACE_LEAST, SPACE_SHARE = MIB, 0.15
# A scenario in an environment of its own: with settings of the C library as they are advised, and
# with a mapping in the way of the program's break.
VARIANTS = {
    "tuned": ("fragmented", {"GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=65536:"
                             "glibc.malloc.arena_max=1:glibc.malloc.tcache_count=0"}),
    "huge pages": ("fragmented", {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}),
    "blocked": ("fragmented", {"NODEMEM_BLOCK_BREAK": "1"}),
}
JEMALLOC = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"
WORKERS = {"workers": 4, "heaps": 2}

# What makes the scenario: {name: ((groups), at least, at most)}. Where nothing else is known, the
# bytes of a Buffer may count as its own or as malloc's.
BUFFERS = ("array buffers", "malloc")
WEIGHTS = {
    "idle": [(("program",), 20 * MIB, 120 * MIB), (("libraries",), MIB, 20 * MIB),
             (("stacks",), 32 << 10, 2 * MIB)],
    "buffers": [(BUFFERS, 200 * MIB, 220 * MIB)],
    "small": [(BUFFERS, 100 * MIB, 160 * MIB)],
    "fragmented": [(BUFFERS, 200 * MIB, 270 * MIB)],
    "tuned": [(BUFFERS, 200 * MIB, 270 * MIB)],
    "huge pages": [(BUFFERS, 200 * MIB, 270 * MIB)],
    "blocked": [(BUFFERS, 200 * MIB, 270 * MIB)],
    "heaps": [(BUFFERS, 150 * MIB, 300 * MIB)],
    "zlib": [(BUFFERS, 55 * MIB, 100 * MIB)],
    "addons": [(("addons",), MIB, 60 * MIB)],
    "workers": [(BUFFERS, 20 * MIB, 60 * MIB)],
    "wasm": [(("wasm",), 40 * MIB, 42 * MIB), (BUFFERS, 30 * MIB, 40 * MIB)],
    "kinds": [(("wasm", *BUFFERS), 30 * MIB, 40 * MIB)],
    "deleted": [(("program",), 20 * MIB, 120 * MIB)],
    "jemalloc": [((*BUFFERS, "other"), 100 * MIB, 160 * MIB)],
}


@contextlib.contextmanager
def deleted(node):
    """The program is gone from its folder while it runs, as after an upgrade."""
    with tempfile.TemporaryDirectory() as folder:
        copied = shutil.copy(node, folder)
        with inside.Inside(copied, "idle") as running:
            os.unlink(copied)
            yield running


def start(version, scenario):
    node = releases.binary_or_skip(version)
    if scenario == "addons":
        return inside.Inside(node, scenario, inside.addons_or_skip())
    if scenario == "jemalloc":
        if not os.path.exists(JEMALLOC):
            print(f"skipped: no {JEMALLOC} (tools/setup test installs it)")
            sys.exit(releases.SKIPPED)
        return inside.Inside(node, "small", preloads=[JEMALLOC])
    if scenario == "deleted":
        return deleted(node)
    kind, environment = VARIANTS.get(scenario, (scenario, {}))
    return inside.Inside(node, kind, **environment)


def check_target(scenario, malloc, numbers, findings):
    """The process is what it should be, or nothing is proved."""
    least = {"buffers": ("mmapped", 200 * MIB), "small": ("inUse", 100 * MIB),
             "fragmented": ("free", 150 * MIB), "heaps": ("free", 100 * MIB),
             "tuned": ("free", 150 * MIB), "huge pages": ("free", 150 * MIB),
             "blocked": ("free", 150 * MIB), "zlib": ("inUse", 40 * MIB)}
    key, size = least.get(scenario, ("inUse", 0 if scenario == "jemalloc" else MIB))
    findings.require(malloc[key] >= size, f"the target's own {key} is only {malloc[key]}")
    if scenario in ("buffers", "small", "jemalloc", "wasm", "workers"):
        findings.require(numbers["arrayBuffers"] > 20_000_000, "the target has no buffers")


def check_malloc(scenario, document, before, after, findings):
    malloc = document["malloc"]
    if not findings.require(malloc is not None, "nothing is known of malloc"):
        return
    if scenario == "jemalloc":
        findings.require("jemalloc" in (malloc["allocator"] or ""),
                         f"the allocator is {malloc['allocator']!r}")
        return
    findings.require("glibc" in (malloc["allocator"] or ""),
                     f"the allocator is {malloc['allocator']!r}")
    for key, share in (("inUse", IN_USE_SHARE), ("free", FREE_SHARE)):
        findings.near(f"malloc.{key}", malloc[key], [before[key], after[key]], share)
    for key in ("mmapped", "mmappedChunks"):
        findings.near(f"malloc.{key}", malloc[key], [before[key], after[key]], 0)
    if malloc["arenas"]:
        size = sum(arena["size"] for arena in malloc["arenas"])
        findings.near("the size of all arenas", size, [before["arena"], after["arena"]], 0.01)


def check_buffers(scenario, document, before, after, findings):
    true = [before["arrayBuffers"], after["arrayBuffers"] + UNCOUNTED.get(scenario, 0)]
    if scenario == "jemalloc" and document["arrayBuffers"] is None:
        findings.require(not document["complete"], "it is complete without the array buffers")
        return
    findings.near("arrayBuffers", document["arrayBuffers"], true, 0, ARRAY_BUFFERS_RESIDUE)


def check_spaces(document, spaces, findings):
    """The spaces of the main heap which V8 tells of, as far as they do not move."""
    for name, (used, size) in spaces.items():
        if used < SPACE_LEAST or name.startswith(("new_", "read_only")):
            continue
        seen = sum(part["rss"] for part in document["parts"]
                   if part["name"] == name and part["isolate"] == "main")
        findings.require(used * (1 - SPACE_SHARE) <= seen <= size * (1 + SPACE_SHARE),
                         f"{name} has {seen} resident, V8 uses {used} of {size}")


def check_isolates(scenario, document, findings):
    seen = {part["isolate"] for part in document["parts"]} - {None}
    wanted = {"main"} | {f"worker-{i + 1}" for i in range(WORKERS.get(scenario, 0))}
    findings.require(seen == wanted, f"the isolates are {sorted(seen)}, not {sorted(wanted)}")


def check_files(pid, document, findings):
    """What is mapped from files is known from smaps alone; bss may come on top of it."""
    mappings = outside.mappings_of(pid)
    program = os.readlink(f"/proc/{pid}/exe")
    least = {
        "program": sum(one.rss for one in mappings if one.path == program),
        "addons": sum(one.rss for one in mappings if one.path.endswith(".node")),
        "stacks": sum(one.rss for one in mappings if one.path == "[stack]"),
    }
    for group, size in least.items():
        seen = command.rss_of(document, group)
        # The builtins which V8 maps from the program once more may count as its code.
        if group == "program":
            seen += command.rss_of(document, "v8 code")
        findings.require(seen >= size, f"group {group} has {seen}, smaps has {size}")


def check_weights(scenario, document, findings):
    for groups, least, most in WEIGHTS[scenario]:
        seen = command.rss_of(document, *groups)
        findings.require(least <= seen <= most, f"{' and '.join(groups)}: {seen / MIB:.1f} MiB, "
                         f"not {least / MIB:.1f} to {most / MIB:.1f}")


def check_unnamed(scenario, document, findings):
    share = UNNAMED_SHARE.get(scenario, UNNAMED_SHARE_ELSE)
    unnamed = document["unnamed"]
    findings.require(unnamed is not None and unnamed <= share * document["rss"],
                     f"{unnamed} of {document['rss']} bytes are unnamed, at most {share:.0%}")


def check_trim(running, document, findings):
    """malloc_trim() gives back what was said to be reclaimable. Returns it."""
    before = outside.sums_of(running.pid)["rss"]
    running.trim()
    wait_for_rest(running.pid)
    given = before - outside.sums_of(running.pid)["rss"]
    said = document["malloc"] and document["malloc"]["reclaimable"]
    if said is None or max(said, given) >= RECLAIMABLE_LEAST:
        findings.near("malloc.reclaimable", said, [given], RECLAIMABLE_SHARE)
    return given


def describe(document, malloc, numbers, given):
    """The figures of a scenario: what nodemem says, and what is so."""
    if document is None:
        return "no document"
    own = document["malloc"] or dict.fromkeys(malloc)
    buffers = document["arrayBuffers"]
    off = None if buffers is None else buffers - numbers["arrayBuffers"]
    return (f"rss {document['rss'] >> 10} kB, {document['unnamed']} unnamed; malloc in use "
            f"{own['inUse']} of {malloc['inUse']}, free {own['free']} of {malloc['free']}; "
            f"reclaimable {own.get('reclaimable')} of {given}; arrayBuffers {off:+}; "
            f"{document['stops']} stops, the longest {document['longestStopMs']} ms; took "
            f"{document['tookMs']} ms" if off is not None else f"rss {document['rss'] >> 10} kB, "
            f"{document['unnamed']} unnamed; arrayBuffers unknown")


def run_scenario(version, scenario):
    findings = command.Findings(f"{version} {scenario}")
    with start(version, scenario) as running:
        numbers, malloc = running.numbers(), running.malloc()
        check_target(scenario, malloc, numbers, findings)
        wait_for_rest(running.pid)
        document = command.read_at_rest(running.pid, findings)
        malloc_after = running.malloc()
        findings.require(is_running(running.pid),
                         f"its threads are left as {threads_of(running.pid)}")
        given = None
        if document is not None:
            check_malloc(scenario, document, malloc, malloc_after, findings)
            check_spaces(document, numbers["spaces"], findings)
            check_isolates(scenario, document, findings)
            check_files(running.pid, document, findings)
            check_weights(scenario, document, findings)
            check_unnamed(scenario, document, findings)
            if scenario != "jemalloc":
                given = check_trim(running, document, findings)
            check_buffers(scenario, document, numbers, running.numbers(), findings)
            findings.require(document["node"] == f"v{version}", f"node is {document['node']}")
    return findings.report(describe(document, malloc, numbers, given))


def main(words):
    if len(words) < 2:
        sys.exit("usage: scenarios.py VERSION SCENARIO...")
    results = [run_scenario(words[0], scenario) for scenario in words[1:]]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
