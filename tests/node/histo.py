#!/usr/bin/env python3
"""Objects counted from outside against V8's own snapshot of the same heap: histo.py VERSION"""
import collections
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import releases
import target

ANIMALS = 20000
MANY_ANIMALS = 400000
# Kinds whose objects a snapshot must count as we do. Of the others it makes some itself: code,
# scopes, strings.
COUNTED = {"object", "closure", "number", "regexp", "bigint"}
# A class is equal when its count is: the snapshot itself makes a few objects.
EQUAL_PERCENT_MIN = 90
BYTES_PERCENT_MAX = 0.3
# Live bytes against heapUsed after a collection. V8 11.3 counts all of the page in which code is
# made as used.
USED_PERCENT_MAX = 0.1
USED_SLACK = 256 * 1024


def ask(process, command):
    """Give the target a command; its answer."""
    process.process.stdin.write(command.encode() + b"\n")
    process.process.stdin.flush()
    return json.loads(process.read_line())


def run(*words, code=0):
    """nodemem with these words: what it printed."""
    done = subprocess.run([releases.nodemem(), *map(str, words)], capture_output=True, text=True)
    if done.returncode != code:
        sys.exit(f"nodemem {words} ended with {done.returncode}: {done.stderr}{done.stdout}")
    return done.stdout if code == 0 else done.stderr


def classes_of(snapshot):
    """{class: (count, bytes)} of the counted kinds, as DevTools names the classes."""
    meta = snapshot["snapshot"]["meta"]
    fields, kinds = meta["node_fields"], meta["node_types"][0]
    at = {name: fields.index(name) for name in ("type", "name", "self_size")}
    found = collections.defaultdict(lambda: [0, 0])
    nodes = snapshot["nodes"]
    for start in range(0, len(nodes), len(fields)):
        kind = kinds[nodes[start + at["type"]]]
        if kind not in COUNTED:
            continue
        name = snapshot["strings"][nodes[start + at["name"]]] if kind == "object" else f"({kind})"
        found[name][0] += 1
        found[name][1] += nodes[start + at["self_size"]]
    return {name: tuple(sums) for name, sums in found.items()}


def compare(version, ours, truth):
    """Exit when too much differs."""
    kinds = {f"({kind})" for kind in COUNTED}
    ours = {name: sums for name, sums in ours.items() if name in kinds or name[0] != "("}
    names = set(ours) | set(truth)
    none = (0, 0)
    equal = [name for name in names if ours.get(name, none)[0] == truth.get(name, none)[0]]
    percent = 100 * len(equal) / len(names)
    wrong = sum(abs(ours.get(name, none)[1] - truth.get(name, none)[1]) for name in names)
    wrong_percent = 100 * wrong / sum(size for _, size in truth.values())
    for name in sorted(names - set(equal)):
        print(f"  {name}: {ours.get(name, none)}, V8 says {truth.get(name, none)}")
    print(f"{version}: {len(equal)} of {len(names)} classes equal, {wrong_percent:.4f} % of the bytes "
          "are wrong")
    if percent < EQUAL_PERCENT_MIN:
        sys.exit(f"only {percent:.1f} % of the classes have the count that V8 has")
    if wrong_percent > BYTES_PERCENT_MAX:
        sys.exit(f"{wrong_percent:.3f} % of the bytes are wrong")


def check_document(document):
    """What must hold of every histogram."""
    assert document["schema"] == "nodemem/histo/1"
    assert document["liveBytes"] == sum(item["bytes"] for item in document["classes"])
    assert document["unexplainedBytes"] < document["walkedBytes"] / 100
    assert document["missedPointers"] < document["pointers"] / 100
    assert document["via"] in ("copy", "fork")


def check_snapshot(node, version):
    """Class by class."""
    with tempfile.TemporaryDirectory() as folder, \
            target.Target(node, target.TARGETS / "heap.js", ANIMALS, flags=["--expose-gc"]) as one:
        file = pathlib.Path(folder, "truth.heapsnapshot")
        ask(one, "gc")
        before = json.loads(run("histo", "--json", one.pid))
        copied = json.loads(run("histo", "--json", "--via", "copy", one.pid))
        ask(one, f"snapshot {file}")
        truth = classes_of(json.loads(file.read_text(encoding="utf-8", errors="replace")))
        check_document(before)
        ours = {item["name"]: (item["count"], item["bytes"]) for item in before["classes"]}
        compare(version, ours, truth)
        # The process stood still in between, as it waits for us.
        for name in ("Dog", "Animal", "Map", "(closure)"):
            same = [item for item in copied["classes"] if item["name"] == name]
            assert same and (same[0]["count"], same[0]["bytes"]) == ours[name], name
        pathlib.Path(folder, "before.json").write_text(json.dumps(before), encoding="utf-8")
        grown = json.loads(run("histo", "--json", "--since", f"{folder}/before.json", one.pid))
        deltas = {item["name"]: item["countDelta"] for item in grown["classes"]}
        assert deltas["Dog"] == 0 and deltas["OldStyle"] == 0


def check_used(node, version):
    """Live bytes against what V8 says is used, when nothing is garbage."""
    with target.Target(node, target.TARGETS / "heap.js", MANY_ANIMALS,
                       flags=["--expose-gc", "--max-old-space-size=4000"]) as one:
        ask(one, "gc")
        used = ask(one, "numbers")["heapUsed"]
        document = json.loads(run("histo", "--json", "--max-stop", 10000, one.pid))
        live = document["liveBytes"] - document["readOnlyBytes"]
        apart = abs(live - used)
        percent = 100 * apart / used
        print(f"{version}: {live} bytes live, heapUsed {used}: {percent:.3f} % apart; stopped for "
              f"{document['stoppedMs']:.1f} ms")
        if apart > USED_SLACK + used * USED_PERCENT_MAX / 100:
            sys.exit(f"live bytes and heapUsed are {percent:.3f} % apart")


def check_cores(node, version):
    """A core has what the process had, and one of V8's end for want of memory what filled it."""
    if not shutil.which("gcore"):
        print(f"{version}: no gcore here, cores not tried")
        return
    with tempfile.TemporaryDirectory() as folder, \
            target.Target(node, target.TARGETS / "heap.js", 1000, flags=["--expose-gc"]) as one:
        ask(one, "gc")
        subprocess.run(["gcore", "-o", f"{folder}/core", str(one.pid)], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=True)
        core = f"{folder}/core.{one.pid}"
        live, dead = (json.loads(run("histo", "--json", place)) for place in (one.pid, core))
        assert dead["via"] == "core" and dead["pid"] == live["pid"]
        assert dead["classes"] == live["classes"], "the core has other objects than the process"
        assert "no Node.js program" in run("histo", "--exe", "/bin/sh", core, code=3)
        copy = pathlib.Path(folder, "moved")
        copy.symlink_to(node)
        moved = json.loads(run("histo", "--json", "--exe", copy, core))
        assert moved["classes"] == dead["classes"]
    with tempfile.TemporaryDirectory() as folder:
        script = ("class Leak { constructor(i) { this.i = i; } } globalThis.kept = [];"
                  "for (let i = 0; ; i++) kept.push(new Leak(i));")
        subprocess.run(["sh", "-c", 'ulimit -c unlimited && exec "$@"', "sh", node,
                        "--max-old-space-size=60", "-e", script], cwd=folder,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cores = list(pathlib.Path(folder).glob("core*"))
        if not cores:
            print(f"{version}: the kernel leaves no core here, V8's end not tried")
            return
        classes = json.loads(run("histo", "--json", cores[0]))["classes"]
        print(f"{version}: of too little memory were {classes[0]}")
        assert classes[0]["name"] == "Leak" and classes[0]["bytes"] > 30 << 20


def check_workers(node, version):
    """Each isolate has its own objects."""
    with target.Target(node, target.TARGETS / "threads.js") as one:
        for isolate, expected in (("main", (5000, 0)), ("worker-1", (0, 7000)),
                                  ("worker-2", (0, 7000)), (None, (5000, 14000))):
            words = ["--isolate", isolate] if isolate else []
            document = json.loads(run("histo", "--json", *words, one.pid))
            counts = {item["name"]: item["count"] for item in document["classes"]}
            # One more is the prototype.
            for name, count in zip(("OfMain", "OfWorker"), expected):
                assert counts.get(name, 0) == count, (isolate, name, counts.get(name))
        assert "no isolate 'worker-3'" in run("histo", "--isolate", "worker-3", one.pid, code=2)
    print(f"{version}: the objects of three isolates were told apart")


def main(version):
    node = releases.binary_or_skip(version)
    if releases.major(version) < 18:
        with target.Target(node, target.TARGETS / "heap.js", 10) as one:
            assert "objects of V8" in run("histo", one.pid, code=1)
        print(f"{version}: refused, as its objects are in no table")
        return
    check_snapshot(node, version)
    check_used(node, version)
    check_workers(node, version)
    check_cores(node, version)


if __name__ == "__main__":
    main(sys.argv[1])
