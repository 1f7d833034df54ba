#!/usr/bin/env python3
"""Does nodemem count the garbage collections of a Node.js process as V8 does?

    collections.py VERSION

Those which V8 did of itself, compared with the lines of --trace-gc since the process began; then
known numbers of them, in the main isolate and in a worker; then a count that falls, which no count
of collections does and which is no longer told.
"""

import json
import re
import struct
import subprocess
import sys

import releases
import target

SCRIPT = target.TARGETS / "collections.js"
# A Heap is in a mapping of some MiB.
PIECE_MAX = 256 << 20
# Isolate, majors, minors.
ROUNDS = [(0, 1, 0), (0, 0, 1), (1, 2, 3), (0, 3, 7), (1, 0, 5), (1, 4, 0), (0, 5, 2)]
MAJOR = re.compile(r"ms: (Incremental )?Mark-")
MINOR = re.compile(r"ms: (Scavenge|Minor )")


def ask_nodemem(pid):
    """Majors and minors of each isolate, by name; the numbers at the top must be main's."""
    ended = subprocess.run([releases.nodemem(), "usage", str(pid), "--json"],
                           capture_output=True, text=True, check=True)
    document = json.loads(ended.stdout)
    counts = {isolate["name"]: (isolate["majorGcs"], isolate["minorGcs"])
              for isolate in document["isolates"]}
    expect(counts["main"], (document["majorGcs"], document["minorGcs"]), "main and the top")
    return counts


def expect(seen, wanted, what):
    if seen != wanted:
        sys.exit(f"{what}: (major, minor) is {seen}, not {wanted}")


class Traced(target.Target):
    """A target whose V8 tells on stdout of each collection, before the target's own lines."""

    def read_line(self):
        self.trace = []
        while not (line := super().read_line()).startswith("{"):
            self.trace.append(line)
        return line

    def count(self, pattern):
        return sum(1 for line in self.trace if pattern.search(line))


def check_all_since_the_start(node):
    with Traced(node, SCRIPT, "churn", flags=["--trace-gc"]) as running:
        wanted = running.count(MAJOR), running.count(MINOR)
        expect(ask_nodemem(running.pid)["main"], wanted, "all since the start")
    if 0 in wanted:
        sys.exit(f"the target should have had collections of both kinds, not {wanted}")
    return wanted


def ask_for(running, isolate, major, minor):
    """Let the target collect, and wait until it has."""
    running.process.stdin.write(f"{isolate} {major} {minor}\n".encode())
    running.process.stdin.flush()
    running.read_line()


def check_known_numbers(node):
    names = ["main", "worker-1"]
    with target.Target(node, SCRIPT, "asked", flags=["--expose-gc"]) as running:
        counts = ask_nodemem(running.pid)
        for isolate, major, minor in ROUNDS:
            ask_for(running, isolate, major, minor)
            before = counts[names[isolate]]
            wanted = {**counts, names[isolate]: (before[0] + major, before[1] + minor)}
            counts = ask_nodemem(running.pid)
            expect(counts, wanted, f"{major} and {minor} more in {names[isolate]}")


def writable_pieces(pid):
    """(address, bytes) of the anonymous memory that may hold a Heap."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
            open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            span, access, _, _, inode = line.split()[:5]
            first, end = (int(word, 16) for word in span.split("-"))
            if access == "rw-p" and inode == "0" and end - first <= PIECE_MAX:
                memory.seek(first)
                yield first, memory.read(end - first)


def find_words(pid, word):
    """The addresses at which these eight bytes stand."""
    found = set()
    for first, content in writable_pieces(pid):
        at = content.find(word)
        while at >= 0:
            if at % len(word) == 0:
                found.add(first + at)
            at = content.find(word, at + 1)
    return found


def find_counts(running):
    """The address of the main isolate's counts: the one word that grows as they do."""
    places = None
    while places is None or len(places) > 1:
        ask_for(running, 0, 1, 2)
        major, minor = ask_nodemem(running.pid)["main"]
        now = find_words(running.pid, struct.pack("=II", major, major + minor))
        places = now if places is None else places & now
    return places.pop()


def check_falling_counts(node):
    """`watch` sees them, and then that they fall."""
    with target.Target(node, SCRIPT, "asked", flags=["--expose-gc"]) as running:
        place = find_counts(running)
        with subprocess.Popen([releases.nodemem(), "watch", "--json", "-i", "100ms", "-n", "100",
                               str(running.pid)], stdout=subprocess.PIPE, text=True) as watch:
            known = json.loads(watch.stdout.readline())["majorGcs"]
            for counts in ((0, 1), (10 * known, 100 * known)):
                with open(f"/proc/{running.pid}/mem", "r+b", buffering=0) as memory:
                    memory.seek(place)
                    memory.write(struct.pack("=II", *counts))
                # A row may have been read before.
                watch.stdout.readline()
                row = json.loads(watch.stdout.readline())
                expect((row["majorGcs"], row["minorGcs"]), (None, None), f"after {counts}")
                if not row["heapUsed"]:
                    sys.exit(f"the other numbers should be told as before: {row}")
            watch.kill()


def main(version):
    node = releases.binary_or_skip(version)
    wanted = check_all_since_the_start(node)
    check_known_numbers(node)
    check_falling_counts(node)
    print(f"{version}: ok; {wanted[0]} and {wanted[1]} since the start, then {len(ROUNDS)} rounds")


if __name__ == "__main__":
    main(sys.argv[1])
