#!/usr/bin/env python3
"""Does nodemem know what Node takes its limits for, and what really ends it?

    limits.py VERSION

The release is started in real control groups (version 1; they need root) with many limits. Its own
v8.getHeapStatistics().heap_size_limit and process.constrainedMemory() are held against
`nodemem limits`, and what ends it against what nodemem said would come first.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys

import releases
import target

MIB = 1 << 20
MOUNT = pathlib.Path("/sys/fs/cgroup/memory")
SCRIPT = target.TARGETS / "limits.js"
NOBODY = 65534
# Around every step of the rule, and sizes that are no whole number of V8's pages; 0 is no limit.
LIMITS = [128 * MIB, 256 * MIB, 257 * MIB, 512 * MIB, 513 * MIB, 600 * MIB + 37 * 4096,
          768 * MIB, 1024 * MIB, 1024 * MIB + 4096, 2049 * MIB, 4096 * MIB, 9000 * MIB,
          15360 * MIB - 4096, 15360 * MIB, 15872 * MIB - 4096, 15872 * MIB, 0]

PROBLEMS = []


def expect(truth, *words):
    if not truth:
        PROBLEMS.append(" ".join(map(str, words)))
        print("problem:", PROBLEMS[-1])


def ask(command, pid, prefix=()):
    """The exit code and the document of `nodemem COMMAND`."""
    words = [*prefix, releases.nodemem(), command, "--json", str(pid)]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    return ended.returncode, json.loads(ended.stdout)


def find(document, name, scope):
    return next((limit for limit in document["limits"]
                 if limit["name"] == name and limit["scope"] == scope), None)


def finding_ids(document):
    return {finding["id"]: finding["severity"] for finding in document["findings"]}


class Group:
    """A control group for the life of a block, below another one if that is given."""

    def __init__(self, name, limit=0, above=None):
        self.path = (above.path if above else MOUNT) / name
        self.limit = limit

    def __enter__(self):
        self.path.mkdir()
        self.set("memory.limit_in_bytes", self.limit)
        return self

    def __exit__(self, *_):
        for name in self.path.glob("*/"):
            name.rmdir()
        self.path.rmdir()

    def set(self, file, value):
        """Write a limit; 0 for none."""
        (self.path / file).write_text(str(value or -1))

    def prefix(self, as_container=False, namespace=()):
        """What starts a program in it; as a container sees it: at the top of the mount."""
        words = ["sh", "-c", f'echo $$ > {self.path}/cgroup.procs && exec "$@"', "sh"]
        if as_container:
            words += ["unshare", "-m", *namespace, "sh", "-c",
                      f'mount --bind {self.path} {MOUNT} && exec "$@"', "sh"]
        return words

    def scope(self):
        return "/" + str(self.path.relative_to(MOUNT))


def why_no_groups():
    """Why control groups cannot be made here; None when they can."""
    if os.getuid() != 0:
        return "control groups need root"
    if not (MOUNT / "memory.limit_in_bytes").exists():
        return "the memory controller of version 1 is not at /sys/fs/cgroup/memory"
    if not shutil.which("unshare") or not shutil.which("prlimit"):
        return "no unshare or prlimit"
    try:
        with Group(f"nodemem-test-{os.getpid()}"):
            return None
    except OSError as error:
        return f"control groups cannot be made: {error}"


def compare(what, running, flags=()):
    """What the target tells of itself, and what nodemem tells of it."""
    own = running.hello
    code, document = ask("limits", running.pid)
    expect(code == 0, what, document)
    if code != 0:
        return None
    believed = own["totalmem"]
    if own["constrained"]:
        believed = min(believed, own["constrained"])
    if own["constrained"] is not None:
        expect(document["nodeBelieves"] == believed, what, "believes", believed, "nodemem says",
               document["nodeBelieves"], document["nodeBelievesFrom"])
    expect(document["heapSizeLimit"] == own["heapSizeLimit"], what, "heap limit",
           own["heapSizeLimit"], document["heapSizeLimit"])
    if not flags:
        expect(document["heapLimitByDefault"] == own["heapSizeLimit"], what, "by default",
               own["heapSizeLimit"], document["heapLimitByDefault"])
        expect(document["maxSemiSpaceByDefault"] == document["maxSemiSpace"], what, "semi-space",
               document["maxSemiSpace"], document["maxSemiSpaceByDefault"])
    expect(document["ruleProven"] is True, what, "is not in the table")
    return document


def run(node, what, prefix=(), flags=()):
    with target.Target(node, SCRIPT, flags=flags, prefix=prefix) as running:
        return compare(what, running, flags)


def check_plain(node):
    """Without control groups of our own."""
    run(node, "plain")
    run(node, "with a flag", flags=["--max-old-space-size=200"])
    with target.Target(node, SCRIPT, "worker") as running:
        _, document = ask("limits", running.pid)
        worker = find(document, "heapSizeLimit", "worker-1")
        expect(worker and worker["limit"] == running.hello["worker"], "the worker's limit",
               running.hello, worker)
        expect(document["first"] == "heapSizeLimit", "a worker comes first", document["first"])


def check_rule(node, group):
    """Every limit, in a group of its own and as in a container."""
    for limit in LIMITS:
        group.set("memory.limit_in_bytes", limit)
        for as_container in [False, True]:
            what = f"{limit / MIB:.2f} MiB{' in a container' if as_container else ''}"
            run(node, what, prefix=group.prefix(as_container))
    group.set("memory.limit_in_bytes", 2048 * MIB)
    run(node, "in a cgroup namespace", prefix=group.prefix(True, ["-C"]))
    group.set("memory.soft_limit_in_bytes", 1024 * MIB)
    run(node, "soft limit", prefix=group.prefix())
    group.set("memory.soft_limit_in_bytes", 0)
    for option in ["--data=1073741824:", "--as=8589934592:"]:
        run(node, option, prefix=[*group.prefix(), "prlimit", option])


def check_parent(node, group):
    """A limit that Node does not see is seen by nodemem, and comes first."""
    group.set("memory.limit_in_bytes", 300 * MIB)
    with Group("leaf", 0, group) as leaf:
        with target.Target(node, SCRIPT, prefix=leaf.prefix()) as running:
            document = compare("below a limited group", running)
            first = (document["first"], document["firstScope"])
            expect(first == ("memory.max", group.scope()), "parent first", first)
            code, found = ask("doctor", running.pid)
            ids = finding_ids(found)
            expect(code == 5 and ids.get("heap-above-container") == "critical" and
                   ("parent-limit-unseen" in ids or "cgroup-unseen" in ids), "parent", code, ids)


def check_end(node, group):
    """The heap grows: does what was said to come first come first?"""
    for limit, flags, ended in [(150 * MIB, (), -signal.SIGKILL),
                                (800 * MIB, ["--max-old-space-size=64"], -signal.SIGABRT)]:
        group.set("memory.limit_in_bytes", limit)
        with target.Target(node, SCRIPT, prefix=group.prefix(), flags=flags) as running:
            document = compare(f"end at {limit}", running, flags)
            expected = "memory.max" if ended == -signal.SIGKILL else "heapSizeLimit"
            expect(document["first"] == expected, "said to come first:", document["first"])
            code, found = ask("doctor", running.pid)
            expect((code == 5) == (ended == -signal.SIGKILL), "doctor", code, found)
            running.go_on()
            code = running.process.wait(timeout=60)
            expect(code == ended, "ended by", code, "not", ended)


def check_shared(node, group):
    group.set("memory.limit_in_bytes", 512 * MIB)
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(target.Target(node, SCRIPT, prefix=group.prefix(),
                                                     flags=["--max-old-space-size=300"]))
                   for _ in range(2)]
        code, found = ask("doctor", running[0].pid)
        ids = finding_ids(found)
        expect(code == 5 and ids.get("shared-container") == "warning", "shared", code, ids)


def check_inspector(node):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    flags = ["--max-old-space-size=100", f"--inspect=127.0.0.1:{port}"]
    with target.Target(node, SCRIPT, flags=flags) as running:
        ids = finding_ids(ask("doctor", running.pid)[1])
        expect(ids.get("inspector-listening") == "info", "inspector", ids)
    # Open to all, in a network of which it is all.
    with target.Target(node, SCRIPT, flags=["--inspect=0.0.0.0:9333"],
                       prefix=["unshare", "-n"]) as running:
        code, found = ask("doctor", running.pid)
        ids = finding_ids(found)
        expect(code == 5 and ids.get("inspector-open") == "critical", "open inspector", code, ids)


def check_stranger(node):
    """Another user learns that it may not look, and what to grant; the limits it may know."""
    other = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    with target.Target(node, SCRIPT) as running:
        code, found = ask("doctor", running.pid, prefix=other)
        ids = finding_ids(found)
        expect(code == 5 and ids.get("not-permitted") == "warning", "stranger", code, ids)
        expect(ask("limits", running.pid, prefix=other)[0] == 4, "limits of a stranger")


def main(words):
    if len(words) != 1:
        sys.exit("usage: limits.py VERSION")
    node = releases.binary_or_skip(words[0])
    check_plain(node)
    reason = why_no_groups()
    if not reason:
        with Group(f"nodemem-test-{os.getpid()}") as group:
            check_rule(node, group)
            check_parent(node, group)
            check_end(node, group)
            check_shared(node, group)
        check_inspector(node)
        check_stranger(node)
    print(f"{words[0]}: {len(PROBLEMS)} problems" + (f"; skipped: {reason}" if reason else ""))
    return 1 if PROBLEMS else releases.SKIPPED if reason else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
