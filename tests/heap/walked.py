#!/usr/bin/env python3
"""After any collection every byte of a heap at rest is explained, but a few: walked.py VERSION"""
import sys

import planted
from planted import Findings, releases

ROUNDS = 12
# A page that was taken for one of the heap, and is none, has more. Code of Node 20 has some.
UNEXPLAINED_MAX = 16384


def main(version):
    node = releases.binary_or_skip(version)
    findings, most = Findings(f"{version} walked"), []
    with planted.Planted(node) as running:
        items = 5000 + 1000
        for _ in range(ROUNDS):
            kept = running.ask("churn")["kept"]
            document = planted.answer(findings, "histo", *planted.STOP, running.pid)
            if document is None:
                continue
            most.append(document["unexplainedBytes"])
            found = {one["name"]: one["count"] for one in document["classes"]}["Item"]
            findings.require(items + kept <= found <= items + kept + 1,
                             f"{found} Items were found, not {items + kept}")
            findings.require(document["unexplainedBytes"] <= UNEXPLAINED_MAX,
                             f"{document['unexplainedBytes']} of {document['walkedBytes']} bytes "
                             "are unexplained")
    return 0 if findings.report(f"unexplained bytes: {most}") else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
