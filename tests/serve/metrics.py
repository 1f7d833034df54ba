#!/usr/bin/env python3
"""What `nodemem serve` tells at /metrics: right numbers in right formats, read strictly, and by promtool.

    metrics.py VERSION
"""

import json
import os
import shutil
import subprocess
import sys

from common import (OPEN, PLAIN, ROOT, SPACES, Server, Skip, Target, node_or_none, parse, program_or_skip, releases,
                    require, run_tests, wait_for)

sys.path.insert(0, str(ROOT / "tests" / "node"))
import run as at_rest  # noqa: E402
from target import TARGETS  # noqa: E402

NODE = None
NOBODY = 65534
# What the target allocates between taking its numbers and coming to rest: tests/node/run.py.
RESIDUE = 8 << 10


def resting(state="idle", **more):
    """A target that takes its numbers and rests after each line."""
    return Target(NODE, TARGETS / "states.js", state, **more)


def numbers_of(running):
    """Let it come to rest; its own numbers, of each isolate."""
    hello = running.hello
    running.go_on()
    size = len(hello["isolateNumbers"]) + len(hello["spaceNumbers"]) * len(hello["spaces"])
    return at_rest.unpack(hello, running.read_numbers(8 * size * hello["isolates"]))


def usage(pid):
    """What `nodemem usage` tells of it."""
    return json.loads(subprocess.check_output([releases.nodemem(), "usage", str(pid), "--json"], text=True))


def compare(families, pid, own):
    """A target at rest: what the metrics say is what it said of itself."""
    labels = {"pid": str(pid), "isolate": "main"}
    for name, key, most in [("nodejs_heap_size_total_bytes", "heapTotal", 0),
                            ("nodejs_heap_size_used_bytes", "heapUsed", RESIDUE),
                            ("nodejs_external_memory_bytes", "external", 0),
                            ("nodejs_array_buffers_bytes", "arrayBuffers", 0),
                            ("nodejs_heap_size_limit_bytes", "heapSizeLimit", 0)]:
        seen = families[name].get(**labels)
        require(abs(seen - own[key]) <= most, f"{name} is {seen}, the process says {own[key]}")
    for space, sizes in own["spaces"].items():
        short = space.removesuffix("_space")
        seen = families["nodejs_heap_space_size_total_bytes"].get(space=short, **labels)
        require(seen == sizes["size"], f"{space} is {seen}, the process says {sizes['size']}")
        seen = families["nodejs_heap_space_size_used_bytes"].get(space=short, **labels)
        require(abs(seen - sizes["used"]) <= RESIDUE, f"{space} used is {seen}, not {sizes['used']}")
        seen = families["nodejs_heap_space_size_available_bytes"].get(space=short, **labels)
        require(abs(seen - sizes["available"]) <= RESIDUE, f"{space} has {seen} left, not {sizes['available']}")


def both_formats():
    """Both formats have the numbers that the process tells of itself."""
    with resting() as running:
        for _ in range(3):
            own = numbers_of(running)[0]
        with Server(running.pid) as server:
            wait_for("the process", lambda: "nodejs_version_info" in server.metrics())
            for is_open in (False, True):
                families = server.metrics(is_open)
                compare(families, running.pid, own)
                main = usage(running.pid)
                pid = str(running.pid)
                require(families["process_resident_memory_bytes"].get(pid=pid) == main["rss"], "rss is another")
                require(families["nodejs_heap_size_used_bytes"].get(pid=pid) == main["heapUsed"], "heapUsed")
                for kind in ("major", "minor"):
                    require(families["nodemem_gc_total"].get(pid=pid, kind=kind) == main[kind + "Gcs"], kind)
                require(families["nodejs_version_info"].get(
                    pid=pid, version=main["node"], major=main["node"][1:].split(".")[0]) == 1, "version")


def every_family():
    """Every family is there, with its unit, its labels and its limits."""
    with resting("workers") as running:
        numbers_of(running)
        with Server(running.pid) as server:
            wait_for("the process", lambda: "nodejs_version_info" in server.metrics())
            families = server.metrics(True)
            pid = str(running.pid)
            limits = json.loads(subprocess.check_output(
                [releases.nodemem(), "limits", pid, "--json"], text=True))["limits"]
            for limit in limits:
                if limit["limit"] is None:
                    continue
                labels = {"pid": pid, "limit": limit["name"], "scope": limit["scope"]}
                require(families["nodemem_limit_bytes"].get(**labels) == limit["limit"], labels)
                for name, key in [("nodemem_limit_used_bytes", "used"), ("nodemem_headroom_bytes", "headroom")]:
                    require(limit[key] is None or families[name].get(**labels) >= 0, labels)
            isolates = {dict(key)["isolate"] for key in families["nodejs_heap_size_used_bytes"].series}
            require(isolates == {"main", *(f"worker-{i}" for i in range(1, running.hello["isolates"]))}, isolates)
            spaces = {dict(key)["space"] for key in families["nodejs_heap_space_size_total_bytes"].series}
            require({"new", "old", "code", "large_object"} <= spaces <= SPACES, spaces)
            require(families["nodemem_up"].get(pid=pid) == 1, "up")
            require(families["nodemem_build_info"].type == "info", "build")
            require(families["nodemem_processes"].get() == 1, "processes")
            require(families["nodemem_series_dropped"].get() == 0, "dropped")
            started = families["process_start_time_seconds"].get(pid=pid)
            uptime = float(open("/proc/uptime", encoding="ascii").read().split()[0])
            ticks = int(open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()[19])
            now = float(subprocess.check_output(["date", "+%s.%N"], text=True))
            require(abs(now - uptime + ticks / os.sysconf("SC_CLK_TCK") - started) < 2, "start time")


def promtool_agrees():
    """promtool check metrics has nothing to say."""
    promtool = program_or_skip("promtool")
    with resting() as running, Server(running.pid) as server:
        wait_for("the process", lambda: "nodejs_version_info" in server.metrics())
        _, _, text = server.ask("/metrics")
        done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        require(done.returncode == 0 and not done.stdout + done.stderr, done.stdout + done.stderr)


def negotiation():
    """The format is chosen by Accept."""
    prometheus = ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
    with resting() as running, Server(running.pid) as server:
        for accept, wanted in [(None, PLAIN), ("*/*", PLAIN), ("text/html", PLAIN), (prometheus, OPEN), (OPEN, OPEN),
                               ("application/openmetrics-text", OPEN), ("APPLICATION/OpenMetrics-Text", OPEN),
                               ("application/openmetrics-text;version=0.0.1", PLAIN),
                               ("application/openmetrics-text;q=0", PLAIN),
                               ("application/openmetrics-text;q=0.2, text/plain;q=0.9", PLAIN),
                               ("text/plain;q=0.3,application/openmetrics-text; version=\"1.0.0\"; q=0.4", OPEN),
                               (",,;;q=,application/openmetrics-text;q=nan", PLAIN)]:
            status, headers, text = server.ask("/metrics", headers={"Accept": accept} if accept else {})
            require((status, headers["Content-Type"]) == (200, wanted), f"{accept}: {headers['Content-Type']}")
            parse(text, wanted == OPEN)


def hostile_name():
    """A name that a process chose is a label and nothing else."""
    folder = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"nodemem-serve-{os.getpid()}")
    os.makedirs(folder)
    script = os.path.join(folder, 'a"} 1\\n{\nü.js')
    with open(script, "w", encoding="utf-8") as file:
        file.write("console.log('{}'); setInterval(() => {}, 1e6);")
    try:
        with Target(NODE, script) as running, Server(running.pid) as server:
            wait_for("the process", lambda: "nodejs_version_info" in server.metrics())
            for is_open in (False, True):
                families = server.metrics(is_open)
                require(families["nodemem_up"].get(pid=str(running.pid)) == 1, "up")
    finally:
        shutil.rmtree(folder)


def bounded_series():
    """No more series than wanted: a process is there whole or not, and what is not is counted."""
    with resting() as one, resting() as two:
        with Server(one.pid, two.pid) as server:
            wait_for("both", lambda: len(server.metrics().get("nodejs_version_info", resting).series) == 2
                     if "nodejs_version_info" in server.metrics() else False)
            every = server.metrics()
        # Kills are of control groups, which are dropped first.
        count = sum(len(family.series) for name, family in every.items() if "oom_kills" not in name)
        of_two = sum(1 for family in every.values() for key in family.series if dict(key).get("pid") == str(two.pid))
        with Server("--max-series", count - 1, one.pid, two.pid) as server:
            wait_for("both", lambda: server.metrics()["nodemem_series_dropped"].get() > 0)
            families = server.metrics()
            require(families["nodemem_up"].get() == 1, "only one process")
            kills = len(every.get("nodemem_cgroup_oom_kills_total", every["nodemem_up"]).series)
            require(of_two <= families["nodemem_series_dropped"].get() <= of_two + kills, "not what the other one has")
            require(families["nodemem_processes"].get() == 2, "two are watched")


def no_pid_label():
    """Without the label pid, processes of one name are added up."""
    with resting() as one, resting() as two:
        own = [numbers_of(running)[0] for running in (one, two)]
        with Server("--no-pid-label", one.pid, two.pid) as server:
            wait_for("both", lambda: server.metrics().get("nodejs_external_memory_bytes") and
                     server.metrics()["nodejs_external_memory_bytes"].get(app="states.js") ==
                     own[0]["external"] + own[1]["external"])
            for is_open in (False, True):
                families = server.metrics(is_open)
                require(not any("pid" in dict(key) for family in families.values() for key in family.series), "pid")
                limit = families["nodemem_limit_bytes"].get(limit="heapSizeLimit")
                require(limit == own[0]["heapSizeLimit"], "of limits the least one")
                require(families["nodejs_heap_size_limit_bytes"].get() == 2 * limit, "of sizes the sum")


def a_process_ends():
    """A process that has ended has no series any more, and one that starts has."""
    with resting() as one:
        with Server(one.pid, os.getpid()) as server:
            wait_for("the process", lambda: "nodejs_version_info" in server.metrics())
            with resting() as two:
                wait_for("what was started", lambda: len(server.metrics()["nodejs_version_info"].series) == 2)
                pids = {dict(key)["pid"] for key in server.metrics()["nodemem_up"].series}
                require(pids == {str(one.pid), str(two.pid)}, pids)
            wait_for("its end", lambda: len(server.metrics()["nodejs_version_info"].series) == 1)


def least_rights():
    """CAP_SYS_PTRACE is all it takes, of another user or as root without any other right."""
    if os.getuid() != 0 or not shutil.which("setpriv"):
        raise Skip("this takes root and setpriv")
    nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    only = ["--inh-caps=-all,+sys_ptrace", "--bounding-set=-all,+sys_ptrace", "--no-new-privs"]
    with Target(NODE, TARGETS / "states.js", "idle",
                prefix=["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups"]) as running:
        own = numbers_of(running)[0]
        for prefix in ([*nobody, *only, "--ambient-caps=-all,+sys_ptrace"], ["setpriv", *only]):
            with Server(running.pid, prefix=prefix) as server:
                wait_for("the process", lambda: "nodejs_version_info" in server.metrics())
                compare(server.metrics(), running.pid, own)
                require("nodemem_limit_bytes" in server.metrics(), "limits")
        with Server(running.pid, prefix=nobody) as server:
            wait_for("its refusal", lambda: "nodemem_up" in server.metrics())
            require(server.metrics()["nodemem_up"].get(reason="not-permitted") == 0, "it cannot be read")


if __name__ == "__main__":
    NODE = node_or_none(sys.argv[1])
    sys.exit(run_tests([both_formats, every_family, promtool_agrees, negotiation, hostile_name, bounded_series,
                        no_pid_label, a_process_ends, least_rights]))
