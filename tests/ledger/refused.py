#!/usr/bin/env python3
"""What the ledger still says where something is refused to it, and that it says what is missing.

    refused.py VERSION [CASE...]

Speaks TAP: a case returns why it cannot be made here, if so.
"""
import os
import shutil
import signal
import subprocess
import sys

import command
import inside
from common import is_running, kilobytes, releases, status_of, threads_of, wait_for_rest

NOBODY = 65534


def require_coarse(document, findings, *words):
    """Complete it is not, and one of these words tells why; malloc was not walked."""
    if document is None:
        return
    findings.require(not document["complete"], "it says that it is complete")
    told = " / ".join(document["missing"]).lower()
    findings.require(any(word in told for word in words),
                     f"none of {words} is in what is missing: {told!r}")
    malloc = document["malloc"]
    findings.require(malloc is None or malloc["inUse"] is None and malloc["free"] is None,
                     f"malloc was walked all the same: {malloc}")
    findings.require(document["stops"] == 0, f"{document['stops']} stops")


def require_running(running, findings):
    findings.require(is_running(running.pid), f"its threads are left as {threads_of(running.pid)}")
    running.numbers()


def no_stop(running, findings):
    """Nothing is refused; it is the caller who does not want it stopped."""
    document = command.read_at_rest(running.pid, findings, "--no-stop")
    require_coarse(document, findings, "stop")
    require_running(running, findings)


def stopped_by_signal(running, findings):
    """Stays stopped, and is read in full."""
    os.kill(running.pid, signal.SIGSTOP)
    os.waitpid(running.pid, os.WUNTRACED)
    try:
        document = command.read_at_rest(running.pid, findings)
        findings.require(document is None or document["complete"], "it is not complete")
        state = status_of(running.pid)
        findings.require(state["State"][0] == "T" and state["TracerPid"] == "0",
                         f"the target is left {state['State']}, traced by {state['TracerPid']}")
    finally:
        os.kill(running.pid, signal.SIGCONT)
    require_running(running, findings)


def traced(running, findings):
    """By a debugger: that stays, and the ledger tells whose it is or that there is one."""
    with subprocess.Popen([releases.tool("NODEMEM_TRACER", "tests/ledger/tracer"),
                           str(running.pid)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as tracer:
        try:
            findings.require(tracer.stdout.readline() == b"tracing\n", "the tracer does not trace")
            document = command.read_at_rest(running.pid, findings)
            require_coarse(document, findings, "traced", "tracing", "debugger")
            left = int(status_of(running.pid)["TracerPid"])
            findings.require(left == tracer.pid, f"the target is traced by {left}, not {tracer.pid}")
        finally:
            tracer.stdin.close()
            tracer.wait()
    require_running(running, findings)


def forbidden_calls(running, findings):
    """A container without ptrace and process_vm_readv: what smaps tells is all."""
    refuse = releases.tool("NODEMEM_REFUSE", "tests/ledger/refuse")
    if subprocess.run([refuse, "true"], check=False).returncode == releases.SKIPPED:
        return "no filter of system calls can be set here"
    document = command.read_at_rest(running.pid, findings, prefix=[refuse])
    require_coarse(document, findings, "memory", "ptrace", "permitted", "stop")
    require_running(running, findings)
    return None


def no_pagemap(running, findings):
    """Hidden by another mount, as where the kernel was built without it."""
    unshare = ["unshare", "--mount", "sh", "-c",
               f"mount --bind /dev/null /proc/{running.pid}/pagemap && exec \"$@\"", "sh"]
    if os.getuid() != 0 or subprocess.run([*unshare, "true"], check=False,
                                          capture_output=True).returncode != 0:
        return "nothing can be mounted over /proc/PID/pagemap here"
    document = command.read_at_rest(running.pid, findings, prefix=unshare)
    if document is not None:
        findings.require(not document["complete"], "it says that it is complete")
        findings.require(any("page" in text for text in document["missing"]),
                         f"what is missing does not tell of the page map: {document['missing']}")
    require_running(running, findings)
    return None


def other_user(running, findings):
    """/proc/PID/status is open to everyone, smaps is not."""
    if os.getuid() != 0 or not shutil.which("setpriv"):
        return "this takes root and setpriv"
    prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    ended = command.run(running.pid, prefix=prefix)
    document = command.parse(ended, findings)
    require_coarse(document, findings, "permi", "user", "right")
    if document is None:
        return None
    status = status_of(running.pid)
    findings.near("rss of status", document["rss"], [kilobytes(status, "VmRSS") << 10], 0, 1 << 20)
    findings.near("swap of status", document["swap"], [kilobytes(status, "VmSwap") << 10], 0)
    for key in ("pss", "arrayBuffers"):
        findings.require(document[key] is None, f"{key} is said to be {document[key]}")
    require_running(running, findings)
    return None


CASES = {case.__name__: case for case in (no_stop, stopped_by_signal, traced, forbidden_calls,
                                          no_pagemap, other_user)}


def run_case(number, name, running):
    """One case as a line of TAP, its problems below."""
    wait_for_rest(running.pid)
    findings = command.Findings(name)
    skipped = CASES[name](running, findings)
    good = not findings.problems
    print(f"{'ok' if good else 'not ok'} {number} - {name}" +
          (f" # SKIP {skipped}" if good and skipped else ""))
    for problem in findings.problems:
        print(f"# {problem}")
    sys.stdout.flush()


def main(words):
    if not words:
        sys.exit("usage: refused.py VERSION [CASE...]")
    version, cases = words[0], words[1:] or list(CASES)
    if not releases.is_there(version):
        print(f"1..0 # SKIP Node.js {version} is not there (tools/node-versions fetches it)")
        return
    print(f"1..{len(cases)}")
    with inside.Inside(releases.binary_or_skip(version), "mixed") as running:
        for number, name in enumerate(cases, 1):
            run_case(number, name, running)


if __name__ == "__main__":
    main(sys.argv[1:])
