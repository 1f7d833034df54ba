#!/usr/bin/env python3
"""Binaries that are in no table: strangers.py too-old | unknown | calibrated VERSION

too-old      is refused as such
unknown      is refused with the advice to calibrate, and can be read after that
calibrated   one that is in the table reads the same with a layout that was learned, and tells no
             collections when that has no place for them, or a wrong one
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import releases

TOO_OLD, UNKNOWN = "14.21.3", "21.7.3"
STATES = ["idle", "allocating", "workers"]


def expect(truth, *words):
    if not truth:
        sys.exit(f"not as expected: {' '.join(map(str, words))}")


def ask(node, environment):
    """`nodemem usage --json` of a Node.js that waits: its exit code, stdout and stderr."""
    script = "console.log('ready'); process.stdin.resume()"
    with subprocess.Popen([node, "-e", script], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        ended = subprocess.run([releases.nodemem(), "usage", "--json", str(process.pid)],
                               check=False, capture_output=True, text=True, env=environment)
        process.stdin.close()
    return ended.returncode, ended.stdout, ended.stderr


def calibrate(node, environment):
    ended = subprocess.run([releases.nodemem(), "calibrate", node], check=False, text=True,
                           capture_output=True, env=environment)
    expect(ended.returncode == 0 and "found and proved" in ended.stdout, ended)


def compare(version, environment):
    """The numbers of a process with those that nodemem tells, as for every release."""
    for words in (["run.py", version, "--calibrated", *STATES], ["collections.py", version]):
        command = [sys.executable, releases.HERE / words[0], *words[1:]]
        expect(subprocess.run(command, check=False, env=environment).returncode == 0, words)


def lose_collections(node, environment, folder):
    """Layouts from before they were counted, and one that is wrong about them."""
    file = next(pathlib.Path(folder).glob("nodemem/layouts/*.json"))
    layout = json.loads(file.read_text(encoding="utf-8"))
    for changed in ({}, {"heap_gc_counts": [-1]}, {"heap_gc_counts": layout["heap_isolate"]}):
        spoilt = {key: value for key, value in layout.items() if key != "heap_gc_counts"}
        file.write_text(json.dumps({**spoilt, **changed}), encoding="utf-8")
        code, shown, said = ask(node, environment)
        expect(code == 0 and not said, code, said)
        document = json.loads(shown)
        expect(document["majorGcs"] is None and document["minorGcs"] is None, changed, document)
        expect(document["heapUsed"] > 0, document)


def main(what, version):
    node = releases.binary_or_skip(version)
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "XDG_CACHE_HOME": folder,
                       "NODEMEM_NODE_CACHE": str(releases.cache())}
        if what != "calibrated":
            code, shown, said = ask(node, environment)
            expect(code == 1 and '"error"' in shown, code, shown)
            expect(said.count("\n") == 1 and f"v{version}" in said and "V8 " in said, said)
            expect(("too old" in said) == (what == "too-old"), said)
            expect((f"nodemem calibrate {node}" in said) == (what == "unknown"), said)
        if what != "too-old":
            calibrate(node, environment)
            expect(len(list(pathlib.Path(folder).glob("nodemem/layouts/*.json"))) == 1, "no file")
            compare(version, environment)
        if what == "calibrated":
            lose_collections(node, environment, folder)
    print(f"{what}: {version}: ok")


if __name__ == "__main__":
    WORDS = sys.argv[1:]
    main(WORDS[0], WORDS[1] if len(WORDS) > 1 else TOO_OLD if WORDS[0] == "too-old" else UNKNOWN)
