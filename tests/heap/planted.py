"""A process of whose heap is known what is in it, and nodemem's commands on it."""

import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "ledger"), str(HERE.parent / "safety")]

import inside  # noqa: E402,F401  (the way to tests/node)
import snapshot  # noqa: E402
from command import Findings  # noqa: E402,F401
from common import releases, target, wait_for_rest  # noqa: E402

SCRIPT = HERE / "targets" / "planted.js"
WAYS = ["copy", "fork"]
# Nothing here takes as long; only against hanging.
LIMIT_S = 60
# Where the machine does other things too, a copy takes its time.
STOP = ["--max-stop", "5000"]


class Planted(target.Target):
    """Runs planted.js."""

    def __init__(self, node, *words, flags=(), **more):
        super().__init__(node, SCRIPT, *words, flags=["--expose-gc", *flags], **more)

    def send(self, *words):
        self.process.stdin.write((" ".join(map(str, words)) + "\n").encode())
        self.process.stdin.flush()

    def ask(self, *words):
        """Its answer to a command; it is at rest again after that."""
        self.send(*words)
        told = json.loads(self.read_line())
        wait_for_rest(self.pid)
        return told


def run(command, *words):
    """`nodemem COMMAND --json WORDS`, ended."""
    return subprocess.run([releases.nodemem(), command, "--json", *map(str, words)],
                          capture_output=True, text=True, check=False, timeout=LIMIT_S)


def answer(findings, command, *words):
    """The document of a good end, or None; its problems are noted."""
    ended = run(command, *words)
    if not findings.require(ended.returncode == 0, f"{command} {words}: exit code "
                            f"{ended.returncode}: {ended.stderr.strip()!r}"):
        return None
    document = json.loads(ended.stdout)
    findings.require(document.get("schema") == f"nodemem/{command}/1",
                     f"the schema is {document.get('schema')!r}")
    return document


def unfinished(path):
    return path.with_name(path.name + ".part")


def check_dump(findings, document, path, one):
    """What it says of the file is so."""
    keys = {"file": str(path), "nodes": one.count, "edges": one.first[-1],
            "bytes": path.stat().st_size}
    for key, true in keys.items():
        findings.require(document[key] == true, f"{key} is {document[key]!r}, not {true!r}")
    findings.require(document["via"] in [*WAYS, "core"], f"via is {document['via']!r}")
    findings.require(document["via"] == "core" or document["stoppedMs"] > 0,
                     f"stoppedMs is {document['stoppedMs']!r}")
    findings.require(document["via"] != "copy" or document["copiedBytes"] > one.sizes[0],
                     f"copiedBytes is {document['copiedBytes']!r}")


def dump(findings, where, path, *options, every=True):
    """(document, snapshot) of a dump of a process or core; None, None after a failure."""
    document = answer(findings, "dump", *STOP, "-o", path, *options, where)
    if document is None:
        return None, None
    findings.require(not unfinished(path).exists(), "the unfinished file is left")
    one, problems = snapshot.load(path, every)
    findings.problems += problems
    if one is None:
        return None, None
    check_dump(findings, document, path, one)
    return document, one


def memlab_or_skip():
    """The folder which tools/node-packages fills; ends this program as skipped where it is absent."""
    place = releases.cache() / "memlab"
    if not (place / "node_modules").exists():
        print(f"skipped: no memlab in {place} (tools/node-packages fetches it)")
        sys.exit(releases.SKIPPED)
    return place
