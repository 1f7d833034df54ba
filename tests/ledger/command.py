"""`nodemem rss` run on a process, and its answer checked as every answer must be."""

import json
import subprocess
import sys

import inside  # noqa: F401  (the way to tests/safety and tests/node)
import document as documents
import outside
from common import releases

SHARED_PSS = 2 << 20
# Nothing here takes as long; only against hanging.
LIMIT_S = 60


class Findings:
    """The problems of one scenario; all are told, not only the first."""

    def __init__(self, name):
        self.name = name
        self.problems = []
        self.missing = None

    def require(self, truth, *words):
        if not truth:
            self.problems.append(" ".join(map(str, words)))
        return truth

    def near(self, what, seen, true, share, residue=0):
        """`seen` is within a share of the truth, which may be a range of two moments."""
        low, high = min(true), max(true)
        room = max(high * share, residue)
        self.require(seen is not None and low - room <= seen <= high + room,
                     f"{what} is {seen}, not {low}" + (f" to {high}" if high > low else "")
                     + (f": {(seen - (low + high) / 2) / max(1, high):+.2%}" if seen else ""))

    def report(self, text=""):
        print(f"{self.name}: {'FAILED' if self.problems else 'ok'}{'; ' if text else ''}{text}")
        for problem in self.problems:
            print(f"    problem: {problem}")
        if self.problems and self.missing:
            print(f"    it says that this is missing: {self.missing}")
        sys.stdout.flush()
        return not self.problems


def run(pid, *options, prefix=()):
    """`nodemem rss --json PID`, ended."""
    command = [*prefix, releases.nodemem(), "rss", "--json", *options, str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT_S)


def parse(ended, findings):
    """The document of a good end, or None; its problems are noted."""
    if not findings.require(ended.returncode == 0,
                            f"exit code {ended.returncode}: {ended.stderr.strip()!r}"):
        return None
    try:
        document = json.loads(ended.stdout)
    except ValueError:
        findings.require(False, f"no JSON: {ended.stdout[:200]!r}")
        return None
    findings.require(ended.stdout.count("\n") == 1, "it is not one line")
    findings.missing = document.get("missing")
    findings.problems += documents.problems_of(document)
    return document


def read_at_rest(pid, findings, *options, prefix=()):
    """The document of a process at rest, whose rss and swap smaps tell before and after."""
    before = outside.sums_of(pid)
    document = parse(run(pid, *options, prefix=prefix), findings)
    after = outside.sums_of(pid)
    if document is None or documents.problems_of_types(document):
        return None
    findings.require(document["pid"] == pid, f"pid is {document['pid']}, not {pid}")
    for name in ("rss", "swap"):
        findings.near(f"{name} of smaps", document[name], [before[name], after[name]], 0)
    # It moves with every other process that maps the same files, nodemem's own libraries first.
    if before["pss"] == after["pss"]:
        findings.near("pss of smaps", document["pss"], [before["pss"]], 0, SHARED_PSS)
    return document


def rss_of(document, *groups):
    return sum(part["rss"] for part in document["parts"] if part["group"] in groups)
