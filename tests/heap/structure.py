#!/usr/bin/env python3
"""Every dump is a well-formed snapshot of what is in the heap: structure.py VERSION"""
import collections
import json
import pathlib
import re
import sys
import tempfile

import planted
import snapshot
from planted import Findings, releases

# An edge of an entry, as V8 names it; DevTools tells by such a name of both edges that they are two
# halves of one.
ENTRY = re.compile(r"part of key .*-> value .*pair in WeakMap")
TABLE = re.compile(r"^\d+ / part of key \(.* @\d+\) -> value \(.* @\d+\) pair in WeakMap "
                   r"\(table @(\d+)\)$")
ENTRIES, NO_KEYS = 1000, ("system / Oddball", "system / Hole")
# Of memory of ArrayBuffers: what Node itself makes while it takes a snapshot.
STORES_OFF_MAX = 2
STRINGS_SHARE = 0.02
STORE = "system / JSArrayBufferData"
# Kinds which a histogram names in another way, and those which it does not have.
HISTO_NAMES = {"(hidden)": "(system)", "(code)": "(compiled code)"}
NOT_IN_HISTO = {"(native)", "(synthetic)"}


def check_classes(findings, pid, one):
    """Of a process at rest: the histogram has the same objects."""
    document = planted.answer(findings, "histo", *planted.STOP, pid)
    if document is None:
        return
    told = {item["name"]: [item["count"], item["bytes"]] for item in document["classes"]
            if item["count"]}
    found = {HISTO_NAMES.get(name, name): sums for name, sums in one.classes().items()
             if name not in NOT_IN_HISTO}
    # Texts outside the heap are none of its bytes, and in the newer releases part of a snapshot's.
    texts = [classes.pop("(string)") for classes in (told, found)]
    findings.require(texts[0][0] == texts[1][0] and texts[0][1] <= texts[1][1],
                     f"strings: the dump has {texts[1]}, the histogram {texts[0]}")
    for name in sorted(set(told) | set(found)):
        findings.require(told.get(name) == found.get(name), f"class {name}: the dump has "
                         f"{found.get(name)}, the histogram {told.get(name)}")
    findings.require(found.get("Item", [0])[0] >= 6000, f"there are {found.get('Item')} Items")


def check_ways(findings, dumps):
    """One process at rest, and the same objects by copy and by fork."""
    one, other = (dumps[way].classes() for way in planted.WAYS)
    differ = [name for name in set(one) | set(other) if one.get(name) != other.get(name)]
    findings.require(not differ, f"copy and fork differ in {differ}")
    counts = [(one.count, one.first[-1]) for one in dumps.values()]
    findings.require(counts[0] == counts[1], f"copy and fork have {counts} nodes and edges")


def check_entries(findings, one):
    """What a WeakMap has for a key is held by the key, and by the table only as V8 writes that."""
    array = one.to(one.having("Pair", "keys"), "keys")
    keys = {to for kind, _, to in one.edges(array) if kind == "element"}
    values = {to: key for key in keys for kind, name, to in one.edges(key)
              if kind == "internal" and ENTRY.search(name)}
    good = sum(("property", "data") in {edge[:2] for edge in one.edges(value)}
               for value in values)
    findings.require(len(keys) == good == ENTRIES,
                     f"{good} of {len(keys)} keys have an edge to their value")
    others = collections.Counter()
    for node in range(one.count):
        for kind, name, to in one.edges(node):
            if kind == "weak" or node in values:
                continue
            if to in keys and node not in (array, one.to(array, "elements")):
                others[f"key held by {one.names[node]!r} as {name!r}"] += 1
            table = TABLE.match(str(name)) if to in values else None
            if to in values and values[to] != node and not (
                    table and one.ids[node] == int(table[1])):
                others[f"value held by {one.names[node]!r} as {name!r}"] += 1
    findings.require(not others, f"others hold keys or values: {others.most_common(3)}")


def check_empty(findings, one):
    """What only fills a place is no reference: of tables' free entries, of objects' spare fields."""
    free = sum(1 for node in range(one.count) if one.names[node] in NO_KEYS
               for kind, name, _ in one.edges(node)
               if kind == "internal" and ENTRY.search(str(name)))
    # V8 itself writes one in Node 18.
    findings.require(free <= 1, f"{free} entries of WeakMaps have no key")
    for name in ("Pair", "Session", "Planted"):
        nodes = [node for node in range(one.count) if one.names[node] == name]
        spare = [str(edge) for node in nodes for kind, edge, to in one.edges(node)
                 if kind == "internal" and str(edge).isdigit() and one.names[to] == "system / Map"]
        findings.require(nodes and not spare, f"{name} has edges {spare[:9]} to nothing but Maps")


def check_stores(findings, one, truth):
    """Memory of ArrayBuffers: nodes of their own with the sizes that V8 gives them."""
    ours, theirs = (collections.Counter(size for name, size in zip(each.names, each.sizes)
                                        if name == STORE) for each in (one, truth))
    off = sum(((ours - theirs) + (theirs - ours)).values())
    findings.require(sum(theirs.values()) > 50 and off <= STORES_OFF_MAX,
                     f"{sum(ours.values())} stores, V8 has {sum(theirs.values())}; differ: "
                     f"{ours - theirs} and {theirs - ours}")


def check_strings(findings, one, truth):
    """Texts, wide ones too, are as V8 writes them; those of the planted kind are all there."""
    def texts(each):
        return collections.Counter(name for kind, name in zip(each.kinds, each.names)
                                   if kind == "string" and name.startswith("\u4f60\u597d "))

    ours, theirs = texts(one), texts(truth)
    findings.require(sum(theirs.values()) >= 1000, f"V8 has {sum(theirs.values())} of them")
    findings.require(ours == theirs, f"texts differ: {list(ours - theirs)[:2]} and "
                     f"{list(theirs - ours)[:2]}")
    # What external strings have outside the heap is theirs in releases in which V8 says so.
    findings.near("bytes of strings", one.classes()["(string)"][1],
                  [truth.classes()["(string)"][1]], STRINGS_SHARE)


def check_ids(findings, one, other):
    """Of the same objects the same in the next dump, or the file says that they are not."""
    said = one.document["snapshot"].get("nodemem", {}).get("ids", "")
    same = len(set(one.ids) & set(other.ids)) >= 0.99 * one.count and all(
        one.ids[one.having(name, key)] == other.ids[other.having(name, key)]
        for name, key in (("Planted", "keep"), ("Pair", "keys")))
    findings.require("not the same" in said or same,
                     f"ids differ, and the file says of them: {said!r}")


def main(version):
    node = releases.binary_or_skip(version)
    findings, counts = Findings(f"{version} structure"), {}
    with tempfile.TemporaryDirectory() as name, planted.Planted(node) as running:
        folder = pathlib.Path(name)
        running.ask("gc")
        dumps = {}
        for way in planted.WAYS:
            document, dumps[way] = planted.dump(findings, running.pid,
                                                folder / f"{way}.heapsnapshot", "--via", way)
            findings.require(document is None or document["via"] == way, f"it went not by {way}")
        if all(dumps.values()):
            check_classes(findings, running.pid, dumps["copy"])
        running.ask("snapshot", folder / "v8.heapsnapshot")
        truth, problems = snapshot.load(folder / "v8.heapsnapshot", every=False)
        # Of V8's own file the reader finds nothing to say.
        findings.problems += problems
        if all(dumps.values()) and truth:
            check_ways(findings, dumps)
            check_entries(findings, dumps["copy"])
            check_entries(findings, truth)
            check_empty(findings, dumps["copy"])
            check_empty(findings, truth)
            check_stores(findings, dumps["copy"], truth)
            check_strings(findings, dumps["copy"], truth)
            later = planted.dump(findings, running.pid, folder / "later.heapsnapshot")[1]
            if later:
                check_ids(findings, dumps["copy"], later)
            counts = {name: (one.count, one.first[-1]) for name, one in
                      (("ours", dumps["copy"]), ("V8's", truth))}
    return 0 if findings.report(json.dumps(counts)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
