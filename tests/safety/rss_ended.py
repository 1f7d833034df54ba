#!/usr/bin/env python3
"""A process that ends while it is read: rss_ended.py VERSION

Whatever the moment and the way, the answer is a whole ledger or a clean error.
"""
import collections
import json
import random
import resource
import subprocess
import sys
import time

from common import TARGETS, expect, releases, target
import command
import document as documents

RUNS = 200
MEASURED = 3
GONE = 3
# By their turn; each is what happens in practice.
WAYS = ["killed", "exit", "abort"]


def end(process, way):
    if way == "killed":
        process.process.kill()
    else:
        process.process.stdin.write(way[:1].encode())
        process.process.stdin.flush()


def start_reader(pid):
    return subprocess.Popen([releases.nodemem(), "rss", "--json", str(pid)], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def problems_of(code, out, err):
    """Of the answer: what is neither a whole ledger nor a clean error."""
    try:
        answer = json.loads(out)
    except ValueError:
        return [f"exit code {code}, stdout is {out[:200]!r}, stderr {err[:200]!r}"]
    if code == 0:
        found = documents.problems_of(answer)
        return found + ([] if answer.get("complete") else [f"it misses {answer.get('missing')}"])
    lines = err.splitlines()
    found = [] if code == GONE else [f"exit code {code}: {err[:200]!r}"]
    if len(lines) != 1 or not lines[0].startswith("nodemem: "):
        found.append(f"stderr is {err[:300]!r}")
    if answer.get("error", {}).get("code") not in ("gone", "not-node"):
        found.append(f"the error is {answer!r}"[:300])
    return found


def duration_of(node):
    """Seconds of a reading that nothing disturbs."""
    took = []
    for _ in range(MEASURED):
        with target.Target(node, TARGETS / "ending.js") as process:
            begun = time.monotonic()
            out, err = start_reader(process.pid).communicate(timeout=command.LIMIT_S)
            took.append(time.monotonic() - begun)
            expect(not documents.problems_of(json.loads(out)), "undisturbed it is no ledger:", err)
    return sorted(took)[MEASURED // 2]


def run_once(node, way, moment_s):
    """The answer about a process which ends that long after the reading began."""
    # What process.abort() makes it say is no news.
    with target.Target(node, TARGETS / "ending.js", stderr=subprocess.DEVNULL) as process:
        reader = start_reader(process.pid)
        try:
            time.sleep(moment_s)
            end(process, way)
            out, err = reader.communicate(timeout=command.LIMIT_S)
        finally:
            reader.kill()
            reader.wait()
    return reader.returncode, out, err


def main(version):
    node = releases.binary_or_skip(version)
    # process.abort() would leave a core file each time.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    whole_s = duration_of(node)
    counts, problems = collections.Counter(), []
    for i in range(RUNS):
        way, moment_s = WAYS[i % len(WAYS)], random.uniform(0, whole_s)
        code, out, err = run_once(node, way, moment_s)
        counts["whole" if code == 0 else "gone" if code == GONE else "wrong"] += 1
        problems += [f"{way} after {moment_s * 1e3:.1f} ms: {text}"
                     for text in problems_of(code, out, err)]
    print(f"{version}: a reading takes {whole_s * 1e3:.0f} ms; of {RUNS} whose process ended, "
          + ", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
    print(*problems[:20], sep="\n")
    expect(not problems, f"{len(problems)} problems")
    expect(counts["gone"] > 0, "no process ended while it was read")


if __name__ == "__main__":
    main(sys.argv[1])
