#!/usr/bin/env python3
"""What `nodemem stat` says of processes whose memory is taken by one known thing: stat.py VERSION"""

import json
import subprocess
import sys

import command
import inside
from common import releases, wait_for_rest

LINE_WIDTH = 80
# Scenario: the verdict, and words that must be in what it says.
VERDICTS = {
    "idle": ("nothing-unusual", ["Nothing unusual"]),
    "buffers": ("array-buffers", ["ArrayBuffers and Buffers", "outside V8's heap"]),
    "fragmented": ("malloc-keeps-free", ["This is not a JavaScript leak, because", "malloc_trim(0)"]),
    "objects": ("javascript-heap", ["is the JavaScript heap", "nodemem watch"]),
    "nearly full": ("heap-nearly-full", ["of main is nearly full", "--max-old-space-size"]),
}
# As scenarios.js knows them, and with which flags.
RUNS = {"objects": ("objects", ()), "nearly full": ("objects", ("--max-old-space-size=120",))}


def run(pid, *options):
    ended = subprocess.run([releases.nodemem(), "stat", *options, str(pid)],
                           capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout


def check_text(text, document, findings):
    """Its lines fit a terminal, and the sizes are those of the document."""
    for line in text.splitlines()[1:]:
        # A setting is one word, whatever its length.
        findings.require(len(line) <= LINE_WIDTH + 20 or " " not in line.strip(),
                         f"a line of {len(line)} characters: {line!r}")
    sentences = " ".join(text.split())
    findings.require(document["summary"] in sentences, "the summary is not in the text")
    findings.require(document["next"] in sentences, "what to do is not in the text")


def check(scenario, node):
    findings = command.Findings(f"stat, {scenario}")
    name, flags = RUNS.get(scenario, (scenario, ()))
    verdict, words = VERDICTS[scenario]
    with inside.Inside(node, name, flags=flags) as running:
        wait_for_rest(running.pid)
        code, out = run(running.pid, "--json")
        if findings.require(code == 0, f"exit code {code}"):
            document = json.loads(out)
            findings.require(document["verdict"] == verdict,
                             f"the verdict is {document['verdict']}: {document['summary']}")
            for word in words:
                findings.require(word in document["summary"] + document["next"],
                                 f"{word!r} is not said: {document['summary']}")
            total = sum(document["groups"].values())
            findings.require(abs(total - document["rss"]) <= 2 << 20,
                             f"the groups are {total}, of {document['rss']}")
            _, text = run(running.pid)
            check_text(text, document, findings)
    return findings.report()


def main(version):
    node = releases.binary_or_skip(version)
    return 0 if all([check(scenario, node) for scenario in VERDICTS]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
