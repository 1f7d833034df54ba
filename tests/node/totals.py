#!/usr/bin/env python3
"""Is a total of array buffers a total, also where it looks like a pointer?

    totals.py VERSION

Node's program lies at low addresses: a total of some megabytes is at the same time the address
of a word of it, even of one that points to an object. Whoever tells fields apart by following
what looks like a pointer is deceived by such totals. The target is brought to some of them.
"""

import array
import json
import os
import subprocess
import sys

import releases
import target

TOTALS = 40
# Below this, the target has too much of its own; above, it would have to allocate too much.
LOWEST, HIGHEST = 2 << 20, 512 << 20


def image_of(pid):
    """The parts (first, end, access) of the program in the memory of the process."""
    program = f"/proc/{pid}/exe"
    parts = []
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        for line in maps:
            words = line.split()
            if words[-1] != os.readlink(program):
                continue
            first, end = (int(word, 16) for word in words[0].split("-"))
            parts.append((first, end, words[1]))
    return parts


def deceiving_totals(pid):
    """Addresses of words of the program which point into the program, evenly chosen."""
    parts = image_of(pid)
    low, high = parts[0][0], parts[-1][1]
    found = []
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for first, end, access in parts:
            if "x" in access or first < LOWEST or end > HIGHEST:
                continue
            memory.seek(first)
            words = array.array("Q", memory.read(end - first))
            found += [first + 8 * i for i, word in enumerate(words) if low <= word < high]
    return found[::max(1, len(found) // TOTALS)]


def ask(running, total):
    """Bring the target to this total; what it says that it then has."""
    running.process.stdin.write(b"%16d" % total)
    running.process.stdin.flush()
    return json.loads(running.read_line())


def seen_by_nodemem(pid):
    """arrayBuffers as `nodemem usage` has it."""
    ended = subprocess.run([releases.nodemem(), "usage", "--json", str(pid)],
                           stdout=subprocess.PIPE, check=True)
    return json.loads(ended.stdout)["arrayBuffers"]


def main(words):
    if len(words) != 1:
        sys.exit("usage: totals.py VERSION")
    version, wrong = words[0], 0
    with target.Target(releases.binary_or_skip(version), target.TARGETS / "totals.js") as running:
        totals = [total for total in deceiving_totals(running.pid)
                  if total > running.hello["total"]]
        for total in totals:
            own, seen = ask(running, total), seen_by_nodemem(running.pid)
            # A thread of V8 may free a dead buffer in between: then the target tells so now.
            if seen not in (own, ask(running, 0)):
                wrong += 1
                print(f"    the target has {own}, nodemem says {seen}")
    print(f"{version}: {len(totals)} totals which look like pointers, {wrong} of them told wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
