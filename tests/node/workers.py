#!/usr/bin/env python3
"""Workers that come and go while they are watched: workers.py VERSION"""
import json
import subprocess
import sys

import releases
import target

# nodemem must see each change; it has this many samples for it, 20 ms apart.
SAMPLES_MAX = 500


def wait_for(watch, names):
    """Read samples until the isolates are these."""
    seen = None
    for _ in range(SAMPLES_MAX):
        line = watch.stdout.readline()
        if not line:
            sys.exit(f"watching ended while {seen} were seen and {names} wanted")
        seen = [isolate["name"] for isolate in json.loads(line)["isolates"]]
        if seen == names:
            return
    sys.exit(f"{SAMPLES_MAX} samples saw {seen}, not {names}")


def tell(process, word):
    process.stdin.write(word.encode() + b"\n")
    process.stdin.flush()
    if process.stdout.readline() != b"done\n":
        sys.exit(f"the target did not {word}")


def main(version):
    node = releases.binary_or_skip(version)
    with subprocess.Popen([node, target.TARGETS / "coming.js"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        pid = json.loads(process.stdout.readline())["pid"]
        with subprocess.Popen([releases.nodemem(), "watch", "-i", "20ms", "--json", "--isolates",
                               str(pid)], stdout=subprocess.PIPE) as watch:
            try:
                wait_for(watch, ["main"])
                tell(process, "start")
                wait_for(watch, ["main", "worker-1"])
                tell(process, "start")
                wait_for(watch, ["main", "worker-1", "worker-2"])
                tell(process, "end")
                wait_for(watch, ["main", "worker-2"])
                tell(process, "start")
                wait_for(watch, ["main", "worker-2", "worker-3"])
            finally:
                watch.kill()
                process.kill()
    print(f"{version}: every worker was seen to come and go under its own name")


if __name__ == "__main__":
    main(sys.argv[1])
