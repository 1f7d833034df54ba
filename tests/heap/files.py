#!/usr/bin/env python3
"""The file of a dump: whole or not there, without secrets, compressed: files.py VERSION"""
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import planted
import snapshot
from planted import Findings, releases

OLD = b"what was there before\n"
KILLS = 20
SECRETS_MIN = 20
# What stands in place of a text. Long ones are cut in every snapshot.
REDACTED = re.compile(r"^\((\d+) bytes, [0-9a-f]{16}\)$")
STRINGS = ("string", "concatenated string", "sliced string")
# Less than a snapshot takes; compressed it takes a tenth.
FULL_DISK = {"file.heapsnapshot": "2m", "file.heapsnapshot.zst": "400k"}


def check_whole(findings, pid, path):
    """It has its name from the moment that it is whole, and until then the old one has it."""
    path.write_bytes(OLD)
    command = [releases.nodemem(), "dump", *planted.STOP, "-o", str(path), str(pid)]
    sizes, partly = set(), False
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as dumping:
        while dumping.poll() is None:
            sizes.add(path.stat().st_size)
            partly |= planted.unfinished(path).exists()
    size = path.stat().st_size
    findings.require(partly, "it was never seen under its unfinished name")
    findings.require(sizes <= {len(OLD), size}, f"sizes seen: {sizes}, the last is {size}")
    findings.require(not planted.unfinished(path).exists(), "the unfinished file is left")
    findings.problems += snapshot.load(path)[1]


def check_killed(findings, pid, path):
    """Killed while it writes: the old file or all of the new one."""
    command = [releases.nodemem(), "dump", *planted.STOP, "-o", str(path), str(pid)]
    begun = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    took = time.monotonic() - begun
    killed = left = 0
    for _ in range(KILLS):
        path.write_bytes(OLD)
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as dumping:
            time.sleep(random.uniform(0, took))
            dumping.kill()
        killed += dumping.returncode < 0
        left += planted.unfinished(path).exists()
        if path.read_bytes() != OLD:
            findings.problems += snapshot.load(path, every=False)[1]
    findings.require(killed > KILLS // 2 and left, f"{killed} of {KILLS} were killed, {left} while "
                     "they wrote")
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    findings.require(not planted.unfinished(path).exists(), "the unfinished file of one that was "
                     "killed is still there after the next dump")
    findings.problems += snapshot.load(path, every=False)[1]


def check_two(findings, pid, path):
    """Two that write the same file: it is never a mixture of both."""
    command = [releases.nodemem(), "dump", *planted.STOP, "-o", str(path), str(pid)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as first:
        while not planted.unfinished(path).exists() and first.poll() is None:
            pass
        first.send_signal(signal.SIGSTOP)
        # Redacted it is another one.
        second = subprocess.run([*command, "--redact"], check=False, capture_output=True, text=True,
                                timeout=planted.LIMIT_S)
        first.send_signal(signal.SIGCONT)
    codes = first.returncode, second.returncode
    findings.require(0 in codes, f"of two at a time none wrote the file: {second.stderr.strip()}")
    findings.require(path.exists(), f"two at a time ended with {codes} and left no file")
    if path.exists():
        findings.problems += [f"two at a time ended with {codes}: {text}"
                              for text in snapshot.load(path, every=False)[1]]


def check_no_folder(findings, pid, folder):
    path = folder / "missing" / "file.heapsnapshot"
    ended = planted.run("dump", "-o", path, pid)
    findings.require(ended.returncode == 1 and str(path.parent) in ended.stderr and
                     len(ended.stderr.splitlines()) == 1,
                     f"a folder that is missing: {ended.returncode}, {ended.stderr!r}")
    findings.require("message" in json.loads(ended.stdout).get("error", {}),
                     f"no error document: {ended.stdout!r}")
    findings.require(not path.parent.exists(), "the missing folder was made")


def check_full_disk(findings, pid, folder, name):
    """Returns why it cannot be tried here, if so."""
    script = ("mount -t tmpfs -o size=$1 none \"$2\" && cd \"$2\" && echo old >\"$3\" || exit 77; "
              "shift 3; \"$@\"; code=$?; echo \"left: $(ls -A)\" \"$(head -c 100 *)\" >&2; exit $code")
    ended = subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", FULL_DISK[name],
                            str(folder), name, releases.nodemem(), "dump", *planted.STOP, "-o",
                            name, str(pid)], capture_output=True, text=True, check=False,
                           timeout=planted.LIMIT_S)
    if ended.returncode == 77:
        return "no file system can be mounted here"
    said, _, left = ended.stderr.rpartition("left: ")
    findings.require(ended.returncode == 1 and "No space left" in said and name in said and
                     len(said.splitlines()) == 1, f"a full disk: {ended.returncode}, {said!r}")
    findings.require(left.strip() == f"{name} old", f"a full disk: what is left is {left!r}")
    return None


def check_pairs(findings, one, redacted):
    """Node by node the same but the texts of strings; equal texts are still equal."""
    findings.require((one.kinds, one.sizes, one.first) ==
                     (redacted.kinds, redacted.sizes, redacted.first), "the graph differs")
    pairs, wrong = {}, []
    shown = {name for kind, name in zip(one.kinds, one.names)
             if kind not in (*STRINGS, "symbol", "regexp")}
    for node in range(min(one.count, redacted.count)):
        name, instead = one.names[node], redacted.names[node]
        match = REDACTED.match(instead)
        if name == instead or one.kinds[node] in ("symbol", "regexp") and match:
            continue
        if one.kinds[node] not in STRINGS or not match or \
                int(match[1]) != len(name.encode("utf-8")) or name in shown or \
                pairs.setdefault(name, instead) != instead:
            wrong.append((one.kinds[node], name, instead))
    findings.require(not wrong, f"{len(wrong)} names are wrong: {wrong[:3]}")
    findings.require(len(pairs) > 5000 and len(set(pairs.values())) == len(pairs),
                     f"{len(pairs)} texts have {len(set(pairs.values()))} names")


def check_redacted(findings, running, folder):
    secrets = running.hello["secrets"]
    findings.require(len(secrets) >= SECRETS_MIN, f"only {len(secrets)} secrets")
    paths = {name: folder / f"{name}.heapsnapshot" for name in ("plain", "redacted")}
    one = planted.dump(findings, running.pid, paths["plain"])[1]
    redacted = planted.dump(findings, running.pid, paths["redacted"], "--redact")[1]
    texts = {name: path.read_text(encoding="utf-8", errors="replace")
             for name, path in paths.items()}
    for where, secret in secrets.items():
        findings.require(secret in texts["plain"], f"the {where} is not even in the plain file")
        findings.require(secret not in texts["redacted"], f"the {where} is in the redacted file")
    if one and redacted:
        check_pairs(findings, one, redacted)
        findings.require(one.classes().keys() == redacted.classes().keys(), "classes differ")


def check_compressed(findings, pid, folder):
    """Returns why it cannot be tried here, if so."""
    if not shutil.which("zstd"):
        return "there is no zstd"
    plain, packed = folder / "a.heapsnapshot", folder / "b.heapsnapshot.zst"
    one = planted.dump(findings, pid, plain)[1]
    document = planted.answer(findings, "dump", *planted.STOP, "-o", packed, pid)
    if not one or not document:
        return None
    findings.require(document["bytes"] == packed.stat().st_size < plain.stat().st_size / 3,
                     f"bytes is {document['bytes']}, the file has {packed.stat().st_size}")
    unpacked = folder / "unpacked"
    ended = subprocess.run(["zstd", "-q", "-d", packed, "-o", unpacked], check=False,
                           capture_output=True, text=True)
    if findings.require(ended.returncode == 0, f"zstd: {ended.stderr.strip()}"):
        other, problems = snapshot.load(unpacked)
        findings.problems += problems
        findings.require(other and other.document == one.document, "it unpacks to something else")
    return None


def main(version):
    node = releases.binary_or_skip(version)
    findings, skipped = Findings(f"{version} files"), []
    with tempfile.TemporaryDirectory() as name, planted.Planted(node) as running:
        folder = pathlib.Path(name)
        running.ask("gc")
        check_whole(findings, running.pid, folder / "whole.heapsnapshot")
        check_killed(findings, running.pid, folder / "killed.heapsnapshot")
        check_two(findings, running.pid, folder / "two.heapsnapshot")
        check_no_folder(findings, running.pid, folder)
        for each in FULL_DISK:
            (folder / "disk").mkdir(exist_ok=True)
            skipped.append(check_full_disk(findings, running.pid, folder / "disk", each))
        check_redacted(findings, running, folder)
        skipped.append(check_compressed(findings, running.pid, folder))
        findings.require(not list(folder.glob("*.part")), f"left are {os.listdir(folder)}")
    return 0 if findings.report("; ".join(dict.fromkeys(filter(None, skipped)))) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
