#!/usr/bin/env python3
"""A .heapsnapshot file read by the words of its own head, and all that must hold of every one.

`problems_of()` lists what does not. Run as a program it checks itself: each of many broken
snapshots must be found out.
"""

import array
import collections
import copy
import itertools
import json
import sys

KEYS = ["snapshot", "nodes", "edges", "trace_function_infos", "trace_tree", "samples", "locations",
        "strings"]
NODE_FIELDS = ["type", "name", "id", "self_size", "edge_count"]
EDGE_FIELDS = ["type", "name_or_index", "to_node"]
NODE_TYPES = {"hidden", "array", "string", "object", "code", "closure", "regexp", "number",
              "native", "synthetic", "concatenated string", "sliced string", "symbol", "bigint",
              "object shape", "wasm object"}
EDGE_TYPES = {"context", "element", "property", "internal", "hidden", "shortcut", "weak"}
INDEXED = ("element", "hidden")
LOCATION_FIELDS = ["object_index", "script_id", "line", "column"]
ID_MAX = (1 << 32) - 1
SIZE_MAX = 1 << 53


class Snapshot:
    """The columns of a document that has no problems. A node is its number in the file."""

    def __init__(self, document):
        meta = document["snapshot"]["meta"]
        self.document, self.strings = document, document["strings"]
        self.width = len(meta["node_fields"])

        def column(name):
            return document["nodes"][meta["node_fields"].index(name)::self.width]

        self.kinds = [meta["node_types"][0][kind] for kind in column("type")]
        self.names = [self.strings[name] for name in column("name")]
        self.ids, self.sizes = column("id"), column("self_size")
        self.first = [0, *itertools.accumulate(column("edge_count"))]
        self.edge_types = meta["edge_types"][0]
        self.count = len(self.kinds)

    def edges(self, node):
        """(type, name or index, to) of each."""
        for kind, name, to in self.raw_edges(node):
            yield (self.edge_types[kind],
                   name if self.edge_types[kind] in INDEXED else self.strings[name],
                   to // self.width)

    def raw_edges(self, node):
        edges = self.document["edges"]
        for at in range(3 * self.first[node], 3 * self.first[node + 1], 3):
            yield edges[at:at + 3]

    def having(self, name, key):
        """The one object of that name with a property of that name; its prototype has none."""
        found = [node for node in range(self.count)
                 if self.names[node] == name and self.kinds[node] == "object"
                 and any(edge[:2] == ("property", key) for edge in self.edges(node))]
        if len(found) != 1:
            raise LookupError(f"{len(found)} objects {name} have a property {key}")
        return found[0]

    def to(self, node, name):
        """Where the edge of that name leads."""
        return next(to for _, key, to in self.edges(node) if key == name)

    def classes(self):
        """{class: [count, bytes]}, named as `nodemem histo` names them."""
        found = collections.defaultdict(lambda: [0, 0])
        for kind, name, size in zip(self.kinds, self.names, self.sizes):
            one = found[name if kind == "object" else f"({kind})"]
            one[0] += 1
            one[1] += size
        return dict(found)

    def reached(self):
        """How many nodes some way leads to from the root."""
        seen = bytearray(self.count)
        seen[0] = 1
        targets = [to // self.width for to in self.document["edges"][2::3]]
        stack = [0]
        while stack:
            node = stack.pop()
            for to in targets[self.first[node]:self.first[node + 1]]:
                if not seen[to]:
                    seen[to] = 1
                    stack.append(to)
        return sum(seen)


def problems_of_head(document):
    if not isinstance(document, dict) or list(document) != KEYS:
        return [f"the sections are {list(document)}"]
    head = document["snapshot"]
    meta = head.get("meta", {})
    found = [f"nodes have no {name}" for name in NODE_FIELDS
             if name not in meta.get("node_fields", [])]
    if meta.get("edge_fields") != EDGE_FIELDS:
        found.append(f"the fields of edges are {meta.get('edge_fields')}")
    if meta.get("location_fields") != LOCATION_FIELDS:
        found.append(f"the fields of locations are {meta.get('location_fields')}")
    for name, known, needed in (("node_types", NODE_TYPES, {"synthetic"}),
                                ("edge_types", EDGE_TYPES, set(INDEXED))):
        types = (meta.get(name) or [[]])[0]
        if needed - set(types) or set(types) - known or len(set(types)) != len(types):
            found.append(f"{name} are {types}")
    found += [f"{name} is {head.get(name)!r}" for name in ("node_count", "edge_count")
              if not isinstance(head.get(name), int)]
    found += [f"{name} is no list" for name in KEYS[1:] if not isinstance(document[name], list)]
    return found


def not_numbers(name, numbers, maximum):
    try:
        array.array("Q", numbers)
    except (TypeError, OverflowError) as error:
        return [f"{name} has other things than numbers: {error}"]
    if numbers and max(numbers) > maximum:
        return [f"{name} has {max(numbers)}, at most {maximum} makes sense"]
    return []


def problems_of_nodes(document):
    head, nodes = document["snapshot"], document["nodes"]
    fields = head["meta"]["node_fields"]
    if len(nodes) != head["node_count"] * len(fields) or not nodes:
        return [f"{len(nodes)} numbers are no {head['node_count']} nodes"]
    column = {name: nodes[at::len(fields)] for at, name in enumerate(fields)}
    maximum = {"type": len(head["meta"]["node_types"][0]) - 1,
               "name": len(document["strings"]) - 1, "id": ID_MAX, "self_size": SIZE_MAX,
               "edge_count": head["edge_count"], "detachedness": 2}
    found = [problem for name in fields if name in maximum
             for problem in not_numbers(name, column[name], maximum[name])]
    if found:
        return found
    if sum(column["edge_count"]) != head["edge_count"]:
        found.append(f"nodes have {sum(column['edge_count'])} edges, the head says "
                     f"{head['edge_count']}")
    if len(set(column["id"])) != head["node_count"]:
        found.append(f"{head['node_count']} nodes have {len(set(column['id']))} ids")
    synthetic = head["meta"]["node_types"][0].index("synthetic")
    roots = [node for node, (kind, name) in enumerate(zip(column["type"], column["name"]))
             if kind == synthetic and document["strings"][name] == ""]
    if roots != [0]:
        found.append(f"the roots are {roots[:9]}")
    return found


def problems_of_edges(document):
    head, edges = document["snapshot"], document["edges"]
    types, width = head["meta"]["edge_types"][0], len(head["meta"]["node_fields"])
    if len(edges) != 3 * head["edge_count"]:
        return [f"{len(edges)} numbers are no {head['edge_count']} edges"]
    kinds, names, targets = edges[0::3], edges[1::3], edges[2::3]
    found = not_numbers("type of edges", kinds, len(types) - 1) + \
        not_numbers("name of edges", names, ID_MAX) + not_numbers("to_node", targets, SIZE_MAX)
    if found:
        return found
    wrong = set(targets).difference(range(0, len(document["nodes"]), width))
    if wrong:
        found.append(f"edges lead to where no node begins: {sorted(wrong)[:9]}")
    is_named = [name not in INDEXED for name in types]
    named = list(itertools.compress(names, map(is_named.__getitem__, kinds)))
    return found + not_numbers("name of edges", named, len(document["strings"]) - 1)


def problems_of_rest(document):
    places, width = document["locations"], len(document["snapshot"]["meta"]["node_fields"])
    found = not_numbers("locations", places, ID_MAX)
    if len(places) % 4 or any(at % width or at >= len(document["nodes"]) for at in places[0::4]):
        found.append("locations are of no nodes")
    if set(map(type, document["strings"])) - {str}:
        found.append("strings has other things than strings")
    return found


def problems_of(document, every=True):
    """What is wrong with it; with `every`, also whether each node can be reached."""
    found = problems_of_head(document)
    if not found:
        found = problems_of_rest(document)
    if not found:
        found = problems_of_nodes(document) + problems_of_edges(document)
    if not found and every:
        one = Snapshot(document)
        reached = one.reached()
        if reached != one.count:
            found.append(f"{one.count - reached} of {one.count} nodes cannot be reached")
    return found


def load(path, every=True):
    """The snapshot of a file, or None, and its problems."""
    try:
        document = json.loads(path.read_bytes().decode("utf-8"))
    except ValueError as error:
        return None, [f"{path.name}: {error}"]
    found = problems_of(document, every)
    return (None if found else Snapshot(document)), [f"{path.name}: {text}" for text in found]


# ---- the check of the checker ----------------------------------------------------------------

GOOD = {
    "snapshot": {
        "meta": {
            "node_fields": ["type", "name", "id", "self_size", "edge_count", "detachedness"],
            "node_types": [["hidden", "object", "synthetic"], "string"],
            "edge_fields": EDGE_FIELDS, "location_fields": LOCATION_FIELDS,
            "edge_types": [["element", "property", "weak", "hidden"], "string_or_number", "node"],
        },
        "node_count": 3, "edge_count": 3,
    },
    "nodes": [2, 0, 1, 0, 1, 0, 1, 1, 3, 24, 2, 0, 0, 2, 5, 16, 0, 2],
    "edges": [0, 77, 6, 1, 2, 12, 2, 1, 6],
    "trace_function_infos": [], "trace_tree": [], "samples": [],
    "locations": [6, 1, 2, 3], "strings": ["", "Class", "name"],
}
EDGE, NODE, PLACE = 3, 6, 4


def broken_documents():
    """(what is broken, document)."""
    def broken(*path_and_value):
        *path, last, value = path_and_value
        document = copy.deepcopy(GOOD)
        place = document
        for key in path:
            place = place[key]
        place[last] = value
        return document

    yield "no section", {key: GOOD[key] for key in KEYS if key != "samples"}
    yield "order", dict(sorted(GOOD.items()))
    yield "field", broken("snapshot", "meta", "node_fields", 3, "size")
    yield "fields of edges", broken("snapshot", "meta", "edge_fields", 0, "kind")
    yield "type", broken("snapshot", "meta", "node_types", 0, ["hidden", "thing", "synthetic"])
    yield "type twice", broken("snapshot", "meta", "edge_types", 0, ["weak", "weak"])
    yield "count of nodes", broken("snapshot", "node_count", 4)
    yield "count of edges", broken("snapshot", "edge_count", 2)
    for name, node in (("type of node", 0), ("name of node", 1)):
        yield name, broken("nodes", NODE + node, 3)
        yield name + " below", broken("nodes", NODE + node, -1)
    yield "no number", broken("nodes", NODE, "1")
    yield "fraction", broken("nodes", NODE + 3, 24.5)
    yield "id twice", broken("nodes", NODE + 2, 1)
    yield "id too large", broken("nodes", NODE + 2, 1 << 32)
    yield "size below", broken("nodes", NODE + 3, -8)
    yield "edges of nodes", broken("nodes", NODE + 4, 1)
    yield "detachedness", broken("nodes", NODE + 5, 3)
    yield "half a node", broken("nodes", GOOD["nodes"][:-1])
    yield "no root", broken("nodes", 0, 1)
    yield "two roots", broken("nodes", [*GOOD["nodes"][:2 * NODE], 2, 0, 5, 16, 0, 2])
    yield "type of edge", broken("edges", EDGE, 4)
    yield "name of edge", broken("edges", EDGE + 1, 3)
    yield "into a node", broken("edges", EDGE + 2, 13)
    yield "behind all", broken("edges", EDGE + 2, 18)
    yield "half an edge", broken("edges", GOOD["edges"][:-1])
    yield "not reached", broken("edges", EDGE + 2, 0)
    yield "place of no node", broken("locations", 0, 7)
    yield "place behind all", broken("locations", 0, 18)
    yield "half a place", broken("locations", GOOD["locations"][:-1])
    yield "no text", broken("strings", 1, None)


def main():
    wrong = [f"the good one: {text}" for text in problems_of(GOOD)]
    for name, document in broken_documents():
        if not problems_of(document):
            wrong.append(f"not found out: {name}")
    print("\n".join(wrong) or f"{len(list(broken_documents()))} broken snapshots were found out")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
