#!/usr/bin/env python3
"""What nodemem says and how it ends when it cannot tell anything.

    errors.py VERSION

Each case looks at the exit code, at stderr (one line, and a hint where usage was wrong), and at
the document which --json writes.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import releases
import target

NOBODY = 65534


def run_nodemem(*words, prefix=()):
    """`nodemem usage --json WORDS`, ended."""
    command = [*prefix, releases.nodemem(), "usage", "--json", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def check(name, ended, exit_code, error_code, stderr_lines=1):
    """Print and return whether nodemem ended as it should."""
    problems = []
    if ended.returncode != exit_code:
        problems.append(f"exit code {ended.returncode}, not {exit_code}")
    lines = ended.stderr.splitlines()
    if len(lines) != stderr_lines or not lines[0].startswith("nodemem: "):
        problems.append(f"stderr is {ended.stderr!r}")
    try:
        error = json.loads(ended.stdout)["error"]
        if error["code"] != error_code:
            problems.append(f"the code in JSON is {error['code']}, not {error_code}")
        if lines and f"nodemem: {error['message']}" != lines[0]:
            problems.append("JSON and stderr differ")
    except (ValueError, KeyError, TypeError):
        problems.append(f"stdout is no error document: {ended.stdout!r}")
    print(f"{name}: {'FAILED: ' + '; '.join(problems) if problems else 'ok'}: {lines[:1]}")
    return not problems


def unused_pid():
    """A pid which no process has: that of a child that was waited for."""
    child = subprocess.Popen(["true"])
    child.wait()
    return child.pid


def kernel_thread():
    """The pid of one, or None in a container without any: they have kthreadd as parent."""
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if words[1] == "2" and int(words[6]) & 0x00200000:  # PF_KTHREAD
            return folder.name
    return None


def check_no_process():
    return check("no such process", run_nodemem(str(unused_pid())), 3, "gone")


def check_garbage():
    results = [check(f"garbage {word!r}", run_nodemem(word), 2, "usage", stderr_lines=2)
               for word in ["garbage", "12x", "0", "1.5", "99999999999999999999", ""]]
    results.append(check("garbage '-7'", run_nodemem("--", "-7"), 2, "usage", stderr_lines=2))
    return all(results)


def check_shell():
    shell = subprocess.Popen(["/bin/sh", "-c", "echo; read line"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        shell.stdout.readline()
        return check("a shell", run_nodemem(str(shell.pid)), 3, "not-node")
    finally:
        shell.kill()
        shell.communicate()


def check_kernel_thread():
    pid = kernel_thread()
    if pid is None:
        print("a thread of the kernel: none to be seen here, not checked")
        return True
    return check("a thread of the kernel", run_nodemem(pid), 3, "not-node")


def check_zombie():
    child = subprocess.Popen(["true"], stdout=subprocess.PIPE)
    try:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        return check("a zombie", run_nodemem(str(child.pid)), 3, "gone")
    finally:
        child.communicate()


def check_other_user(node):
    if os.getuid() != 0 or not shutil.which("setpriv"):
        print("another user's process: needs root and setpriv, not checked")
        return True
    other = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    with target.Target(node, target.TARGETS / "states.js", "idle") as running:
        return check("another user's process", run_nodemem(str(running.pid), prefix=other), 4,
                     "not-permitted")


def check_end_while_sampled(node):
    """The process ends between being opened and being sampled again."""
    with target.Target(node, target.TARGETS / "states.js", "idle") as running:
        command = [releases.sampler(), str(running.pid), "0", "1000"]
        sampler = subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                                   stderr=subprocess.PIPE)
        try:
            sampler.stdout.readline()
            running.end()
            out, err = sampler.communicate()
        finally:
            sampler.kill()
            sampler.wait()
    last = out.splitlines()[-1] if out else ""
    good = last == "error gone" and sampler.returncode == 1 and len(err.splitlines()) == 1
    print(f"ended while sampled: {'ok' if good else 'FAILED: ' + last}: {err.strip()!r}")
    return good


def main(words):
    if len(words) != 1:
        sys.exit("usage: errors.py VERSION")
    node = releases.binary_or_skip(words[0])
    results = [check_no_process(), check_garbage(), check_shell(), check_kernel_thread(),
               check_zombie(), check_other_user(node), check_end_while_sampled(node)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
