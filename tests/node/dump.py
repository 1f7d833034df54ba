#!/usr/bin/env python3
"""A snapshot made from outside against V8's own of the same process: dump.py VERSION"""
import collections
import json
import pathlib
import sys
import tempfile

import releases
import target
from histo import ask, run

ANIMALS = 5000
# What would go if a global variable went: the same in both files. Left out is what they see in
# different ways: keys of a Map that are held by V8's table of strings, and weak tables.
RETAINED = ("set", "doubles", "buffers", "big", "dates", "promises", "symbols", "expressions")
RETAINED_PERCENT_MAX = 0.5
# Objects whose properties must have the names that V8 gives them.
NAMED = ("Dog", "OldStyle", "Tagged", "Date", "Promise")


class Snapshot:
    """A .heapsnapshot file, as far as it is compared."""

    def __init__(self, path):
        document = json.loads(path.read_text(encoding="utf-8", errors="replace"))
        meta = document["snapshot"]["meta"]
        width = len(meta["node_fields"])
        at = meta["node_fields"].index
        nodes, edges, self.strings = document["nodes"], document["edges"], document["strings"]
        self.count = len(nodes) // width
        assert self.count == document["snapshot"]["node_count"]
        assert len(edges) // 3 == document["snapshot"]["edge_count"]
        self.kinds = [meta["node_types"][0][kind] for kind in nodes[at("type")::width]]
        self.names = nodes[at("name")::width]
        self.sizes = nodes[at("self_size")::width]
        ids = nodes[at("id")::width]
        assert len(set(ids)) == len(ids), "two nodes have the same id"
        self.first = [0]
        for number in nodes[at("edge_count")::width]:
            self.first.append(self.first[-1] + number)
        assert self.first[-1] == len(edges) // 3
        self.edge_kinds = [meta["edge_types"][0][kind] for kind in edges[0::3]]
        self.edge_names = edges[1::3]
        self.targets = [to // width for to in edges[2::3]]
        places = document["locations"]
        # (script, line, column) of functions; V8 gives objects the places of their classes, too.
        self.functions = collections.Counter(
            tuple(places[i + 1:i + 4]) for i in range(0, len(places), 4)
            if self.kinds[places[i] // width] == "closure")

    def edges(self, node):
        """(kind, name or index, to) of each."""
        for edge in range(self.first[node], self.first[node + 1]):
            name = self.edge_names[edge]
            if self.edge_kinds[edge] not in ("element", "hidden"):
                name = self.strings[name]
            yield self.edge_kinds[edge], name, self.targets[edge]

    def reached(self, without=None):
        """Bytes and number of the nodes that strong edges lead to from the root."""
        seen = bytearray(self.count)
        seen[0] = 1
        if without is not None:
            seen[without] = 1
        stack, size, count = [0], 0, 0
        while stack:
            node = stack.pop()
            size += self.sizes[node]
            count += 1
            for edge in range(self.first[node], self.first[node + 1]):
                to = self.targets[edge]
                if not seen[to] and self.edge_kinds[edge] != "weak":
                    seen[to] = 1
                    stack.append(to)
        return size, count

    def global_variable(self, name):
        """The node that the global object has under that name."""
        for node in range(self.count):
            if self.kinds[node] == "object" and self.strings[self.names[node]].startswith("global"):
                for kind, key, to in self.edges(node):
                    if kind == "property" and key == name:
                        return to
        sys.exit(f"the global object has no property {name}")

    def global_keys(self):
        """The names of all that the global object has, but for functions that make a value when asked."""
        for node in range(self.count):
            keys = {key for kind, key, _ in self.edges(node)
                    if kind == "property" and not key.startswith(("get ", "set "))}
            if self.kinds[node] == "object" and "keep" in keys:
                return keys
        sys.exit("there is no global object")

    def properties(self, class_name):
        """How often each set of named properties occurs with objects of that class."""
        return collections.Counter(
            tuple(sorted(key for kind, key, _ in self.edges(node)
                         if kind == "property" and key != "__proto__"))
            for node in range(self.count)
            if self.kinds[node] == "object" and self.strings[self.names[node]] == class_name)


def compare_names(ours, truth):
    """Properties, and the variables of functions."""
    for name in NAMED:
        mine = {key for keys in ours.properties(name) for key in keys}
        theirs = {key for keys in truth.properties(name) for key in keys}
        assert mine == theirs, (name, mine ^ theirs)
    missing = truth.global_keys() - ours.global_keys()
    assert not missing, f"the global object has no {missing}"
    variables = collections.Counter(), collections.Counter()
    for found, snapshot in zip(variables, (ours, truth)):
        for edge, kind in enumerate(snapshot.edge_kinds):
            if kind == "context":
                found[snapshot.strings[snapshot.edge_names[edge]]] += 1
    common = [name for name in variables[1] if variables[0][name] == variables[1][name]]
    assert len(common) > 0.9 * len(variables[1]), (len(common), len(variables[1]))


def compare_retained(version, ours, truth):
    """What global variables hold."""
    whole = ours.reached()[0], truth.reached()[0]
    for name in RETAINED:
        mine, theirs = (size - snapshot.reached(snapshot.global_variable(name))[0]
                        for size, snapshot in zip(whole, (ours, truth)))
        percent = 100 * abs(mine - theirs) / theirs
        print(f"  {name}: {mine} bytes, V8 says {theirs}")
        if percent > RETAINED_PERCENT_MAX:
            sys.exit(f"{version}: {name} holds {mine} bytes, and {theirs} by V8's snapshot")


def compare_locations(ours, truth):
    """Where functions are written, at least those of the program itself."""
    assert not ours.functions - truth.functions, list((ours.functions - truth.functions).items())[:5]
    # The program has one function for each of its objects; nothing of Node's own has so many.
    script = truth.functions.most_common(1)[0][0][0]
    mine, theirs = ({place: count for place, count in functions.items() if place[0] == script}
                    for functions in (ours.functions, truth.functions))
    assert mine == theirs and sum(mine.values()) >= ANIMALS, (len(mine), len(theirs))


def check_redacted(path):
    """No text of a string is in the file; the graph still is."""
    text = path.read_text(encoding="utf-8", errors="replace")
    assert "long string number" not in text and "animal17" not in text
    assert '"OldStyle"' in text and '"tail"' in text


def main(version):
    node = releases.binary_or_skip(version)
    if releases.major(version) < 18:
        print(f"{version}: its objects are in no table")
        return
    with tempfile.TemporaryDirectory() as folder, \
            target.Target(node, target.TARGETS / "heap.js", ANIMALS, flags=["--expose-gc"]) as one:
        mine, theirs, redacted = (pathlib.Path(folder, name) for name in ("mine", "v8", "redacted"))
        ask(one, "gc")
        document = json.loads(run("dump", "--json", "-o", mine, one.pid))
        run("dump", "--redact", "-o", redacted, one.pid)
        ask(one, f"snapshot {theirs}")
        ours, truth = Snapshot(mine), Snapshot(theirs)
        assert document["nodes"] == ours.count and document["bytes"] == mine.stat().st_size
        assert mine.stat().st_mode & 0o077 == 0, "others can read the snapshot"
        assert sorted(path.name for path in pathlib.Path(folder).iterdir()) == [
            "mine", "redacted", "v8"]
        unreached = ours.count - ours.reached()[1]
        assert unreached == 0, f"{unreached} nodes cannot be reached"
        compare_names(ours, truth)
        compare_locations(ours, truth)
        compare_retained(version, ours, truth)
        check_redacted(redacted)
    with target.Target(node, target.TARGETS / "heap.js", 10) as one:
        assert "cannot create" in run("dump", "-o", "/no/such/folder/file", one.pid, code=1)
    print(f"{version}: the snapshot names and holds what V8's own does")


if __name__ == "__main__":
    main(sys.argv[1])
