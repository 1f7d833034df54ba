#!/usr/bin/env python3
"""A core file of Node.js tells what the process held: cores.py VERSION

By gcore, by process.abort() and by V8's end for want of memory; whole and cut.
"""
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

from common import TARGETS, expect, releases, target

MARKER = "core of a marked heap"
HEAP = f"globalThis.held = Array.from({{length: 1000}}, (_, i) => ({{text: `{MARKER} ${{i}}`}}));"
ABORT = HEAP + "process.abort()"
FULL = HEAP + "globalThis.more = []; for (let i = 0; ; i++) globalThis.more.push({i});"


def read_core(path, text=MARKER):
    """Of the tool's line, by name."""
    done = subprocess.run([releases.tool("NODEMEM_FREEZE", "tests/safety/freeze"), str(path),
                           "core", text], stdout=subprocess.PIPE, text=True, check=False)
    expect(done.returncode == 0, f"{path}:", done.stdout)
    words = done.stdout.split()
    names = ["pid", "signal", "copied", "missing", "ranges", "threads", "found"]
    return {**dict(zip(names, map(int, words[1:8]))), "program": words[8]}


def cut(path):
    """Half of the file: the kernel writes notes first, gdb last."""
    size = path.stat().st_size
    shutil.copyfile(path, path.with_suffix(".cut"))
    with open(path.with_suffix(".cut"), "r+b") as file:
        file.truncate(size // 2)
    return path.with_suffix(".cut"), size - size // 2


def check_cut(path, whole):
    half, gone = cut(path)
    core = read_core(half)
    half.unlink()
    expect(core["missing"] >= gone - (1 << 20), f"{core['missing']} are missing of {gone}")
    # Without its notes all memory that is in it counts, the program's code too.
    expect(core["threads"] in (0, whole["threads"]), core)
    expect(core["threads"] == 0 or core["copied"] <= whole["copied"], core)


def run_and_end(node, script, folder, *flags):
    """Its pid and core file; None where the kernel does not write one into the folder."""
    def allow_core():
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    with subprocess.Popen([node, *flags, "-e", script], cwd=folder, stderr=subprocess.DEVNULL,
                          preexec_fn=allow_core, env=target.plain_environment()) as process:
        process.wait()
    expect(process.returncode == -signal.SIGABRT, f"it ended with {process.returncode}")
    cores = list(folder.glob("core*"))
    return process.pid, cores[0] if cores else None


def check_end(node, script, folder, *flags):
    pid, path = run_and_end(node, script, folder, *flags)
    if not path:
        print("the kernel keeps no cores here:", pathlib.Path("/proc/sys/kernel/core_pattern")
              .read_text(encoding="ascii").strip())
        return
    core = read_core(path)
    print(core)
    expect(core["pid"] == pid and core["signal"] == signal.SIGABRT, core)
    expect(core["found"] > 0 and core["threads"] > 1 and core["missing"] == 0, core)
    expect(core["program"] == node, core)
    check_cut(path, core)
    path.unlink()


def check_gcore(node, folder):
    if not shutil.which("gcore"):
        print("no gcore here")
        return
    with target.Target(node, TARGETS / "frozen.js", 1000) as server:
        subprocess.run(["gcore", "-o", folder / "gcore", str(server.pid)], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        path = folder / f"gcore.{server.pid}"
        core = read_core(path, server.hello["marker"])
        print(core)
        expect(core["pid"] == server.pid and core["found"] > 0 and core["threads"] > 1, core)
        expect(core["program"] == node and core["missing"] == 0, core)
        check_cut(path, core)
        path.unlink()


def main(version):
    node = str(pathlib.Path(releases.binary_or_skip(version)).resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_gcore(node, folder)
        check_end(node, ABORT, folder)
        check_end(node, FULL, folder, "--max-old-space-size=40")
    print(f"{version}: each core tells what was held")


if __name__ == "__main__":
    main(sys.argv[1])
