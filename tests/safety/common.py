"""What the safety tests share: the way to other tests' modules, and a process's own figures."""

import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "node"), str(HERE.parent / "ledger")]

import releases  # noqa: E402,F401
import target  # noqa: E402,F401

TARGETS = HERE / "targets"


def status_of(pid):
    """/proc/PID/status as {"State": "S (sleeping)", "VmRSS": "42 kB", …}."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def threads_of(pid):
    """(state, pid of the tracer) of every thread."""
    found = []
    for folder in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            status = status_of(f"{pid}/task/{folder.name}")
        except (FileNotFoundError, ProcessLookupError):
            continue
        found.append((status["State"][0], int(status["TracerPid"])))
    return found


def is_running(pid):
    """No thread is stopped or traced."""
    return all(state in "RSD" and tracer == 0 for state, tracer in threads_of(pid))


def kilobytes(status, key):
    return int(status[key].split()[0])


def faults_of(pid):
    """Minor and major page faults so far: fields 10 and 12 of /proc/PID/stat."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[7]) + int(fields[9])


def wait_for_rest(pid):
    """Until the main thread stands in read(0, …) and no thread has run since the look before."""
    before = None
    while True:
        with open(f"/proc/{pid}/syscall", encoding="ascii") as file:
            in_read = file.read().startswith("0 0x0 ")
        ran = sorted(path.read_text(encoding="ascii")
                     for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"))
        if in_read and ran == before:
            return
        before = ran
        time.sleep(0.05)


def expect(truth, *words):
    if not truth:
        sys.exit(" ".join(map(str, words)))
