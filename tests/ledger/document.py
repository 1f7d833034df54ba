#!/usr/bin/env python3
"""What must hold of every document of `nodemem rss --json`, whatever process it is of.

`problems_of()` lists what does not. Run as a program it checks itself: each of many broken
documents must be found out.
"""

import copy
import json
import sys

SCHEMA = "nodemem/rss/1"
GROUPS = ["v8 heap", "v8 code", "array buffers", "malloc", "stacks", "program", "libraries",
          "addons", "mapped files", "shared", "wasm", "other"]
TOP = ["schema", "pid", "node", "v8", "rss", "pss", "swap", "complete", "missing", "parts",
       "malloc", "arrayBuffers", "unnamed", "stops", "stoppedMs", "longestStopMs", "tookMs"]
PART = ["name", "group", "isolate", "rss", "pss", "swap"]
MALLOC = ["allocator", "inUse", "free", "reclaimable", "cached", "mmapped", "mmappedChunks",
          "arenas"]
ARENA = ["kind", "size", "inUse", "free", "reclaimable"]
# pss is the kernel's, rounded by mapping.
PSS_RESIDUE = 64 << 10
# Milliseconds are written with so many digits after the point that this is what they may be off.
MS_RESIDUE = 0.01


def is_count(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_duration(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def is_known(value):
    return value is not None


def missing_keys(place, thing, keys):
    if not isinstance(thing, dict):
        return [f"{place} is no object: {thing!r}"]
    return [f"{place} has no {key}" for key in keys if key not in thing]


def not_counts(place, thing, keys):
    """Unknown is null; anything else is a count."""
    return [f"{place}: {key} is {thing[key]!r}" for key in keys
            if is_known(thing[key]) and not is_count(thing[key])]


def problems_of_types(document):
    found = missing_keys("the document", document, TOP)
    if found:
        return found
    found = not_counts("the document", document, ["swap", "pss", "arrayBuffers", "unnamed"])
    if document["schema"] != SCHEMA:
        found.append(f"the schema is {document['schema']!r}")
    found += [f"{key} is {document[key]!r}" for key in ("pid", "rss", "stops")
              if not is_count(document[key])]
    found += [f"{key} is {document[key]!r}" for key in ("stoppedMs", "longestStopMs", "tookMs")
              if not is_duration(document[key])]
    found += [f"{key} is {document[key]!r}" for key in ("node", "v8")
              if is_known(document[key]) and not isinstance(document[key], str)]
    if not isinstance(document["complete"], bool):
        found.append(f"complete is {document['complete']!r}")
    if not isinstance(document["missing"], list) or \
            not all(isinstance(text, str) and text for text in document["missing"]):
        found.append(f"missing is {document['missing']!r}")
    if not isinstance(document["parts"], list) or not document["parts"]:
        found.append("there are no parts")
    return found


def problems_of_parts(document):
    found, seen = [], set()
    for part in document["parts"]:
        wrong = missing_keys("a part", part, PART)
        if wrong:
            return found + wrong
        place = f"part {part['name']!r} of {part['group']!r}"
        found += not_counts(place, part, ["rss", "pss", "swap"])
        if part["group"] not in GROUPS:
            found.append(f"{place}: no such group")
        if not isinstance(part["name"], str) or not part["name"]:
            found.append(f"{place}: no name")
        if is_known(part["isolate"]) and not isinstance(part["isolate"], str):
            found.append(f"{place}: isolate is {part['isolate']!r}")
        if not is_count(part["rss"]):
            found.append(f"{place}: rss is {part['rss']!r}")
        key = (part["group"], part["name"], part["isolate"])
        if key in seen:
            found.append(f"{place} of isolate {part['isolate']} is there twice")
        seen.add(key)
    return found


def sum_of(parts, key):
    """None when one of them is unknown."""
    values = [part[key] for part in parts]
    return sum(values) if all(map(is_known, values)) else None


def problems_of_sums(document):
    found = []
    rss, pss, swap = (sum_of(document["parts"], key) for key in ("rss", "pss", "swap"))
    if rss != document["rss"]:
        found.append(f"the parts' rss add up to {rss}, not {document['rss']}")
    if is_known(document["swap"]) and is_known(swap) and swap != document["swap"]:
        found.append(f"the parts' swap adds up to {swap}, not {document['swap']}")
    if is_known(document["pss"]) and is_known(pss) and abs(pss - document["pss"]) > PSS_RESIDUE:
        found.append(f"the parts' pss add up to {pss}, not {document['pss']}")
    for part in document["parts"]:
        if is_known(part["pss"]) and part["pss"] > part["rss"] + PSS_RESIDUE:
            found.append(f"part {part['name']!r}: pss {part['pss']} is above rss {part['rss']}")
    other = sum(part["rss"] for part in document["parts"] if part["group"] == "other")
    if is_known(document["unnamed"]) and document["unnamed"] > other:
        found.append(f"unnamed is {document['unnamed']}, the parts of group other are {other}")
    return found


def problems_of_arenas(malloc):
    found = []
    for arena in malloc["arenas"]:
        wrong = missing_keys("an arena", arena, ARENA)
        if wrong:
            return wrong
        found += not_counts("an arena", arena, ARENA[1:])
        if arena["kind"] not in ("main", "thread"):
            found.append(f"an arena is of kind {arena['kind']!r}")
    if found or not malloc["arenas"]:
        return found
    if [arena["kind"] for arena in malloc["arenas"]].count("main") != 1:
        found.append("there is not one main arena")
    for key in ("inUse", "free", "reclaimable"):
        total = sum_of(malloc["arenas"], key)
        if total != malloc[key]:
            found.append(f"the arenas' {key} add up to {total}, malloc has {malloc[key]}")
    for arena in malloc["arenas"]:
        known = [arena[key] for key in ("inUse", "free")]
        if is_known(arena["size"]) and all(map(is_known, known)) and sum(known) > arena["size"]:
            found.append(f"an arena of {arena['size']} has {sum(known)} in use and free")
    return found


def problems_of_malloc(document):
    malloc = document["malloc"]
    if malloc is None:
        return []
    found = missing_keys("malloc", malloc, MALLOC)
    if found:
        return found
    found = not_counts("malloc", malloc, MALLOC[1:-1])
    if is_known(malloc["allocator"]) and not isinstance(malloc["allocator"], str):
        found.append(f"the allocator is {malloc['allocator']!r}")
    if found or malloc["arenas"] is None:
        return found
    found += problems_of_arenas(malloc)
    for less, more in (("reclaimable", "free"), ("cached", "inUse")):
        if is_known(malloc[less]) and is_known(malloc[more]) and malloc[less] > malloc[more]:
            found.append(f"{less} is {malloc[less]}, {more} only {malloc[more]}")
    return found


def problems_of_stops(document):
    found = []
    stops, longest, stopped, took = (document[key] for key in
                                     ("stops", "longestStopMs", "stoppedMs", "tookMs"))
    if (stops == 0) != (stopped == 0) or (stops == 0) != (longest == 0):
        found.append(f"{stops} stops of {stopped} ms, the longest of {longest} ms")
    if longest > stopped + MS_RESIDUE or stopped > took + MS_RESIDUE:
        found.append(f"the longest stop took {longest} ms, all took {stopped}, the whole {took}")
    return found


def problems_of_completeness(document):
    found = []
    if document["complete"] == bool(document["missing"]):
        found.append(f"complete is {document['complete']}, missing is {document['missing']}")
    malloc = document["malloc"] or dict.fromkeys(MALLOC)
    unknown = [key for key in ("rss", "swap", "arrayBuffers", "unnamed", "node", "v8")
               if document[key] is None]
    unknown += [f"malloc.{key}" for key in MALLOC if malloc[key] is None]
    if document["complete"] and unknown:
        found.append(f"it is complete and does not know {', '.join(unknown)}")
    return found


def problems_of(document):
    """What is wrong with it in itself; nothing else is assumed but that it was parsed."""
    found = problems_of_types(document)
    if not found:
        found = problems_of_parts(document) + problems_of_malloc(document)
    if not found:
        found = problems_of_sums(document) + problems_of_stops(document) + \
            problems_of_completeness(document)
    return found


# ---- the check of the checker ----------------------------------------------------------------

GOOD = {
    "schema": SCHEMA, "pid": 7, "node": "v24.21.0", "v8": "13.6", "rss": 120, "pss": 100, "swap": 5,
    "complete": True, "missing": [], "arrayBuffers": 9, "unnamed": 10,
    "stops": 1, "stoppedMs": 2.5, "longestStopMs": 2.5, "tookMs": 7,
    "parts": [
        {"name": "old_space", "group": "v8 heap", "isolate": "main", "rss": 100, "pss": 90, "swap": 5},
        {"name": "unnamed", "group": "other", "isolate": None, "rss": 20, "pss": 10, "swap": 0},
    ],
    "malloc": {
        "allocator": "glibc 2.36", "inUse": 50, "free": 30, "reclaimable": 10, "cached": 4,
        "mmapped": 0, "mmappedChunks": 0,
        "arenas": [{"kind": "main", "size": 60, "inUse": 40, "free": 20, "reclaimable": 10},
                   {"kind": "thread", "size": 20, "inUse": 10, "free": 10, "reclaimable": 0}],
    },
}

# Where, and what stands there instead.
BREAKS = [
    (["schema"], "nodemem/rss/2"), (["pid"], -1), (["rss"], 121), (["rss"], None),
    (["rss"], "120"), (["rss"], 120.5), (["swap"], 6), (["pss"], 1 << 20), (["unnamed"], 21),
    (["unnamed"], None), (["arrayBuffers"], None), (["arrayBuffers"], -1), (["complete"], False),
    (["complete"], 1), (["missing"], ["something"]), (["missing"], None), (["parts"], []),
    (["node"], None), (["stops"], 0), (["stops"], True), (["stoppedMs"], 0), (["stoppedMs"], 8),
    (["longestStopMs"], 3), (["tookMs"], None), (["malloc"], None), (["malloc"], {}),
    (["parts", 0, "group"], "heap"), (["parts", 0, "name"], ""), (["parts", 0, "rss"], None),
    (["parts", 0, "rss"], 99), (["parts", 0, "isolate"], 1), (["parts", 0, "swap"], -5),
    (["parts", 1, "pss"], 1 << 20), (["malloc", "inUse"], 51), (["malloc", "inUse"], None),
    (["malloc", "free"], 31), (["malloc", "reclaimable"], 11), (["malloc", "cached"], 51),
    (["malloc", "cached"], None), (["malloc", "allocator"], 1), (["malloc", "arenas", 0, "size"], 59),
    (["malloc", "arenas", 0, "kind"], "thread"), (["malloc", "arenas", 1, "kind"], "main"),
    (["malloc", "arenas", 1, "kind"], "heap"), (["malloc", "arenas", 0, "free"], None),
    (["malloc", "mmappedChunks"], 0.5),
]


def broken(place, value):
    document = copy.deepcopy(GOOD)
    thing = document
    for key in place[:-1]:
        thing = thing[key]
    thing[place[-1]] = value
    return document


def without(place):
    document = broken(place, None)
    thing = document
    for key in place[:-1]:
        thing = thing[key]
    del thing[place[-1]]
    return document


def check_self():
    failed = [f"a good document: {text}" for text in problems_of(GOOD)]
    documents = [(place, value, broken(place, value)) for place, value in BREAKS]
    documents += [([key], "absent", without([key])) for key in TOP]
    documents += [(["parts", 0, key], "absent", without(["parts", 0, key])) for key in PART]
    documents += [(["malloc", key], "absent", without(["malloc", key])) for key in MALLOC]
    twice = copy.deepcopy(GOOD)
    twice["parts"].append({**twice["parts"][0], "rss": 0, "pss": 0, "swap": 0})
    documents.append((["parts"], "one twice", twice))
    for place, value, document in documents:
        if not problems_of(document):
            failed.append(f"{'.'.join(map(str, place))} = {json.dumps(value)} was not found out")
    print(*failed, f"{len(documents)} broken documents, {len(failed)} not told from a good one",
          sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(check_self())
