#!/usr/bin/env python3
"""An image of a process with little memory to spare does not end it: narrow.py VERSION

In real control groups (version 1; they need root): near the limit of its memory, while it writes to
all of it, with no process left to start, and frozen.
"""
import contextlib
import os
import pathlib
import subprocess
import sys
import time

from common import TARGETS, expect, kilobytes, releases, status_of, target

MIB = 1 << 20
ROOT = pathlib.Path("/sys/fs/cgroup")
NAME = f"nodemem-narrow-{os.getpid()}"
HELD = 150  # MiB


class Group:
    """Of one controller, for the life of a block."""

    def __init__(self, controller):
        self.path = ROOT / controller / NAME

    def __enter__(self):
        self.path.mkdir()
        return self

    def __exit__(self, *_):
        for _ in range(100):
            try:
                self.path.rmdir()
                return
            except OSError:
                time.sleep(0.05)

    def write(self, name, value):
        (self.path / name).write_text(f"{value}\n", encoding="ascii")

    def read(self, name):
        return (self.path / name).read_text(encoding="ascii")


def freeze(pid, way, prefix=()):
    """Exit code, what it printed, and what it said of it."""
    done = subprocess.run([*prefix, releases.tool("NODEMEM_FREEZE", "tests/safety/freeze"),
                           str(pid), way, "1", "3000"], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def check_alive(process):
    process.go_on()
    expect(process.read_line() == "good\n", "its memory is not as it was")
    expect(status_of(process.pid)["TracerPid"] == "0", "it is being traced")


def writer(version, *words):
    return target.Target(releases.binary_or_skip(version), TARGETS / "writer.js", HELD, *words)


def little_left(version):
    """Too little for a child's pages: it is copied, which takes nothing of it."""
    with Group("memory") as group, writer(version, "rest") as process:
        group.write("cgroup.procs", process.pid)
        rss = kilobytes(status_of(process.pid), "VmRSS") << 10
        # What it had before it came into the group is not counted there.
        group.write("memory.limit_in_bytes", 16 * MIB)
        code, said, _ = freeze(process.pid, "auto")
        print(said)
        expect(code == 0 and said.startswith("copy ") and "its control group has" in said, said)
        expect(int(said.split()[5]) > rss // 2, "little was copied")
        code, _, said = freeze(process.pid, "fork")
        print(said)
        expect(code == 1 and "its control group has" in said, said)
        check_alive(process)


def writer_in(group, version):
    """All that it has is counted in the group."""
    return target.Target(releases.binary_or_skip(version), TARGETS / "writer.js", HELD,
                         prefix=[sys.executable, "-c", "import os,sys; "
                                 f"open('{group.path}/cgroup.procs','w').write(str(os.getpid()));"
                                 "os.execv(sys.argv[1], sys.argv[1:])"])


def writes_all(version):
    """It may write to all that it has before its child is read: without room for that there is no child."""
    with Group("memory") as group, writer_in(group, version) as process:
        time.sleep(1)
        used = int(group.read("memory.usage_in_bytes"))
        group.write("memory.limit_in_bytes", used + HELD * MIB * 2 // 3)
        for way in "auto", "fork", "auto":
            code, said, why = freeze(process.pid, way)
            print(said or why, why if said else "")
            expect((said.startswith("copy ") if way == "auto" else code == 1) and
                   "its control group has" in said + why, said, why)
            check_alive(process)
        group.write("memory.limit_in_bytes", used + 3 * HELD * MIB)
        code, said, why = freeze(process.pid, "fork")
        print(said or why)
        expect(code == 0, said, why)
        check_alive(process)
        expect("oom_kill 0\n" in group.read("memory.oom_control"), "it was near its end")


def children_of(pid):
    """Of any of its threads."""
    return [child for file in pathlib.Path(f"/proc/{pid}/task").glob("*/children")
            for child in file.read_text(encoding="ascii").split()]


def the_child_goes_first(version):
    """Should memory run out all the same, the kernel takes what it is offered before the process."""
    with writer(version, "rest") as process:
        reader = subprocess.Popen([releases.tool("NODEMEM_FREEZE", "tests/safety/freeze"),
                                   str(process.pid), "fork", "1", "3000"], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
        seen = None
        while reader.poll() is None and seen is None:
            for child in children_of(process.pid):
                # It is set before the process runs again: looked at only after that.
                if status_of(process.pid)["TracerPid"] != "0":
                    continue
                with contextlib.suppress(OSError):
                    seen = pathlib.Path(f"/proc/{child}/oom_score_adj").read_text(encoding="ascii")
        said, why = reader.communicate()
        print(said.strip(), why.strip(), f"oom_score_adj {seen}")
        expect(reader.returncode == 0 and seen in (None, "1000\n"), said, why, seen)
        check_alive(process)


def no_process_left(version):
    """A child would be one too many."""
    with Group("pids") as group, writer(version, "rest") as process:
        group.write("cgroup.procs", process.pid)
        group.write("pids.max", group.read("pids.current").strip())
        code, said, _ = freeze(process.pid, "auto")
        print(said)
        expect(code == 0 and said.startswith("copy ") and "pids.max" in said, said)
        check_alive(process)


def frozen(version):
    """It does not get to stop, and is left alone."""
    with Group("freezer") as group, writer(version, "rest") as process:
        group.write("cgroup.procs", process.pid)
        group.write("freezer.state", "FROZEN")
        for way in "copy", "fork":
            code, said, why = freeze(process.pid, way)
            print(why)
            expect(code == 1 and said == "error busy", said)
        group.write("freezer.state", "THAWED")
        check_alive(process)


def little_here(version):
    """Not the process but nodemem has too little memory."""
    with Group("memory") as group, writer(version, "rest") as process:
        group.write("memory.limit_in_bytes", 64 * MIB)
        code, _, said = freeze(process.pid, "copy", [
            "sh", "-c", f"echo $$ > {group.path}/cgroup.procs; exec \"$@\"", "sh"])
        print(said)
        expect(code == 1 and "cannot hold a copy" in said, said)
        check_alive(process)


def main(version):
    releases.binary_or_skip(version)
    if os.geteuid() != 0 or not (ROOT / "memory" / "memory.limit_in_bytes").exists():
        print("skipped: no control groups of version 1 here, or not root")
        sys.exit(releases.SKIPPED)
    for case in little_left, writes_all, the_child_goes_first, no_process_left, frozen, little_here:
        print(f"{case.__name__}:")
        case(version)


if __name__ == "__main__":
    main(sys.argv[1])
