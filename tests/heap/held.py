#!/usr/bin/env python3
"""Every ArrayBuffer is found, with its length, kind and holder: held.py VERSION"""
import collections
import sys

import planted
from planted import Findings, inside, releases

KINDS = {"Buffer", "slab", "ArrayBuffer", "Wasm", "shared", "external"}
LARGE = [(100000 + 1000 * i, "Buffer", f"Array[{i}]", ["planted", "buffers", f"[{i}]: Buffer"])
         for i in range(50)]
# (bytes, kind, what the holder says, what the steps of the way say in this order)
OTHERS = [
    (151007, "Buffer", "Session.body", ["kinds", "session", "body"]),
    (152003, "Buffer", "Session.body", ["kinds", "sessions", "Session", "body"]),
    (153001, "Buffer", "inside", ["kinds", "captured", "inside"]),
    (655360, "Wasm", "memory", ["kinds", "memory"]),
    (200003, "shared", "shared", ["kinds", "shared"]),
    (164008, "ArrayBuffer", "Array[0]", ["kinds", "twice", "[0]: Float64Array"]),
    (160001, "ArrayBuffer", "part", ["kinds", "part"]),
    (40000, "ArrayBuffer", "Array[0]", ["planted", "typed", "[0]: Float64Array"]),
    (24008, "ArrayBuffer", "Array[1]", ["planted", "typed", "[1]: BigInt64Array"]),
    (777, "ArrayBuffer", "Array[2]", ["planted", "typed", "[2]: Uint8ClampedArray"]),
    (55555, "ArrayBuffer", "Array[3]", ["planted", "typed", "[3]: DataView"]),
    (66666, "ArrayBuffer", "Array[4]", ["planted", "typed", "[4]: ArrayBuffer"]),
]
# (bytes, used, views); the rest of the planted ones is used to the end by one view.
USES = {655360: (None, 0), 200003: (None, 0), 66666: (None, 0), 160001: (50, 1),
        164008: (164008, 2)}
# What Node itself holds of which process.memoryUsage() does not know, and the other way round.
TOTAL_OFF_MAX = 1024
SLICES, SLICE = 1000, 100
# Slabs in which Node itself has slices too, or in which it cuts the next.
SLABS_OFF_MAX = 3
# The addon sharp loads on these.
WITH_ADDON = (18, 26)


def check_sums(findings, document):
    """What must hold of every document."""
    buffers = document["buffers"]
    findings.require(document["total"] == sum(one["bytes"] for one in buffers) and
                     document["count"] == len(buffers), "total or count is not of the buffers")
    findings.require({one["kind"] for one in buffers} <= KINDS,
                     f"kinds: {collections.Counter(one['kind'] for one in buffers)}")
    slabs = [one for one in buffers if one["kind"] == "slab"]
    for key, of in (("retained", "bytes"), ("used", "used")):
        findings.require(document["slabs"][key] == sum(one[of] for one in slabs),
                         f"slabs.{key} is {document['slabs'][key]}")
    for one in buffers:
        findings.require(one["used"] is None or one["used"] <= one["bytes"],
                         f"{one['used']} of {one['bytes']} bytes are used")
        findings.require(one["path"] and one["holder"], f"of {one['bytes']} bytes no way is known")


def is_way(steps, words):
    """Each word stands in a step of its own, in this order."""
    rest = iter(steps)
    return all(any(word in step for step in rest) for word in words)


def check_one(findings, buffers, size, kind, holder, words):
    found = [one for one in buffers if one["bytes"] == size]
    if not findings.require(len(found) == 1, f"{len(found)} of {size} bytes were found"):
        return
    one = found[0]
    findings.require(one["kind"] == kind, f"that of {size} bytes is {one['kind']}, not {kind}")
    findings.require(one["holder"].endswith(holder),
                     f"that of {size} bytes is held by {one['holder']}, not {holder}")
    findings.require(is_way(one["path"], words),
                     f"{words} are not on the way to {size} bytes: {one['path']}")
    used = USES.get(size, (size, 1))
    findings.require((one["used"], one["views"]) == used,
                     f"of {size} bytes {one['used']} are in {one['views']} views, not {used}")


def check_kinds(findings, running, way):
    """Returns the document."""
    memory = running.ask("numbers")
    document = planted.answer(findings, "buffers", *planted.STOP, "--via", way, running.pid)
    if document is None:
        return None
    findings.require((document["pid"], document["via"]) == (running.pid, way), "not this process")
    check_sums(findings, document)
    for expected in LARGE + OTHERS:
        check_one(findings, document["buffers"], *expected)
    counted = sum(one["bytes"] for one in document["buffers"] if one["kind"] != "Wasm")
    findings.require(abs(counted - memory["arrayBuffers"]) <= TOTAL_OFF_MAX,
                     f"all have {counted} bytes, the process says {memory['arrayBuffers']}")
    return document


def check_slices(findings, running, before):
    """Small slices keep slabs: each slab with what of it is in slices."""
    told = running.ask("slices")
    running.ask("gc")
    truth = collections.Counter(map(tuple, told["slabs"]))
    retained = sum(size * count for (size, _, _), count in truth.items())
    findings.require(told["slices"] == SLICES and retained > 4 * SLICES * SLICE,
                     f"{told['slices']} slices keep {retained} bytes")
    document = planted.answer(findings, "buffers", *planted.STOP, running.pid)
    if document is None:
        return ""
    check_sums(findings, document)
    found = collections.Counter((one["bytes"], one["used"], one["views"])
                                for one in document["buffers"] if one["kind"] == "slab")
    missing = truth - found
    findings.require(sum(missing.values()) <= SLABS_OFF_MAX,
                     f"of {sum(truth.values())} slabs {sum(missing.values())} were not found or "
                     f"have another use: {list(missing.items())[:3]}; found {list(found)[:3]}")
    room = SLABS_OFF_MAX * max(size for size, _, _ in truth)
    for key, true in (("retained", retained), ("used", SLICES * SLICE)):
        grown = document["slabs"][key] - before["slabs"][key]
        findings.require(abs(grown - true) <= room, f"slabs.{key} grew by {grown}, not {true}")
    return f"{sum(truth.values())} slabs keep {retained} bytes for {SLICES * SLICE}"


def check_external(findings, running):
    """Memory of an addon's library, which was not allocated by Node."""
    size = running.ask("external", inside.addons_or_skip())["bytes"]
    document = planted.answer(findings, "buffers", *planted.STOP, running.pid)
    if document is not None:
        found = [one for one in document["buffers"] if one["bytes"] == size]
        findings.require([one["kind"] for one in found] == ["external"] and
                         is_way(found[0]["path"], ["external"]),
                         f"the {size} bytes of an addon: {found}")


def main(version):
    node = releases.binary_or_skip(version)
    findings, told = Findings(f"{version} buffers"), ""
    with planted.Planted(node) as running:
        running.ask("gc")
        documents = [check_kinds(findings, running, way) for way in planted.WAYS]
        if all(documents):
            told = check_slices(findings, running, documents[0])
            if releases.major(version) in WITH_ADDON:
                check_external(findings, running)
    return 0 if findings.report(told) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
