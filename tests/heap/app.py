#!/usr/bin/env python3
"""An application of many packages, under load and after it: app.py VERSION

Under load it is counted and dumped, and no request fails; at rest its classes are those of V8.
"""
import json
import pathlib
import sys
import tempfile
import time

import planted
from planted import HERE, WAYS, Findings, releases
from common import target, wait_for_rest  # isort: skip
from frozen import Load, check_answer  # isort: skip
from histo import ask, classes_of, compare  # isort: skip

ROUNDS, REQUESTS_MIN = 5, 500
ANSWER = "order 7: 2 pens 1 cups 1 books "


def packages_or_skip():
    """The folder which tools/node-packages fills; ends this program as skipped where it is absent."""
    place = releases.cache() / "app"
    if not (place / "node_modules").exists():
        print(f"skipped: no packages in {place} (tools/node-packages fetches them)")
        sys.exit(releases.SKIPPED)
    return place


def under_load(findings, server, folder):
    """Each way the objects are counted and dumped while orders come in."""
    with Load(server.hello["port"], "/orders/7", ANSWER) as one, \
            Load(server.hello["port"], "/orders/7", ANSWER) as other:
        for way in WAYS * ROUNDS:
            document = planted.answer(findings, "histo", *planted.STOP, "--via", way, server.pid)
            findings.require(document is None or any(
                item["name"] == "Order" and item["count"] > 0 for item in document["classes"]),
                f"{way}: there are no Orders")
            planted.dump(findings, server.pid, folder / "busy.heapsnapshot", "--via", way,
                         every=False)
            planted.answer(findings, "usage", server.pid)
        while one.good + other.good < REQUESTS_MIN and not one.bad + other.bad:
            time.sleep(0.05)
    findings.require(not one.bad + other.bad, f"requests failed: {(one.bad + other.bad)[:3]}")


def at_rest(findings, version, server, folder):
    """Class by class against V8's own snapshot."""
    check_answer(server.hello["port"], "/stop", "")
    orders = ask(server, "gc")["orders"]
    wait_for_rest(server.pid)
    document = planted.answer(findings, "histo", *planted.STOP, server.pid)
    ours = planted.dump(findings, server.pid, folder / "ours.heapsnapshot")[1]
    if document is None or ours is None:
        return
    ask(server, f"snapshot {folder / 'v8.heapsnapshot'}")
    text = (folder / "v8.heapsnapshot").read_text(encoding="utf-8", errors="replace")
    counts = {item["name"]: (item["count"], item["bytes"]) for item in document["classes"]}
    compare(version, counts, classes_of(json.loads(text)))
    # The prototype has the name, too.
    findings.require(orders <= counts["Order"][0] <= orders + 1,
                     f"{counts['Order'][0]} Orders, {orders} are kept")
    findings.require(ours.classes()["Order"][0] == counts["Order"][0],
                     "dump and histogram have other Orders")


def main(version):
    node, packages = releases.binary_or_skip(version), packages_or_skip()
    findings = Findings(f"{version} application")
    with tempfile.TemporaryDirectory() as name, \
            target.Target(node, HERE / "targets" / "app.js", packages,
                          flags=["--expose-gc"]) as server:
        check_answer(server.hello["port"], "/orders/7", ANSWER)
        under_load(findings, server, pathlib.Path(name))
        at_rest(findings, version, server, pathlib.Path(name))
    return 0 if findings.report() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
