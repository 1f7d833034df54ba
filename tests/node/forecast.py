#!/usr/bin/env python3
"""Is a forecast right about a real server?

    forecast.py VERSION

One server leaks at a known rate into a small heap, while another one is as busy and leaks nothing. When a third of
the way is done, `nodemem forecast` must know to a quarter of the time left when the first one dies, and must not
foretell anything of the second.
"""

import json
import signal
import subprocess
import sys
import tempfile
import time

import releases
import target

MIB = 1 << 20
SCRIPT = target.TARGETS / "server.js"
HEAP_MIB = 96
RATE_MIB = 3
# What the server has before it leaks, about.
BASE_MIB = 14
WAY_S = (HEAP_MIB - BASE_MIB) / RATE_MIB
# The command ends at a third of the way, or before that if it is sure earlier. Where the machine is so slow that
# it is too early then, it is asked again; by half of the way it must know.
WATCH_S = WAY_S / 3
LATEST_S = WAY_S / 2
NEAR = 0.25
# From 80 % of the limit on, V8 gives up early when collections take most of the time, as on a machine with
# more to do than it can. Nothing foretells that.
NEAR_GIVEN_UP = 0.5
GIVEN_UP = b"Ineffective mark-compacts"

PROBLEMS = []


def expect(truth, *words):
    if not truth:
        PROBLEMS.append(" ".join(map(str, words)))
        print("problem:", PROBLEMS[-1])


def start_forecast(pid, seconds):
    words = [releases.nodemem(), "forecast", "--json", "-i", "50ms", "-d", f"{seconds:.1f}s", str(pid)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def read_forecast(asked):
    """What it said, and when."""
    out, _ = asked.communicate()
    told = time.monotonic()
    expect(asked.returncode == 0, "exit code", asked.returncode, out)
    return json.loads(out), told


def ask_until_told(pid, begun):
    """The first forecast with a time in it; the last one when there was none."""
    seconds = WATCH_S
    while True:
        said, told = read_forecast(start_forecast(pid, seconds))
        print(f"{told - begun:.1f} s:", json.dumps(said))
        seconds = begun + LATEST_S - time.monotonic()
        if said.get("reason", "error") is None or seconds < 1:
            return said, told


def check_leaking(running, words):
    """`words` is the file that takes its stderr."""
    begun = time.monotonic()
    said, told = ask_until_told(running.pid, begun)
    ended = running.process.wait(timeout=5 * WAY_S)
    left_ms = (time.monotonic() - told) * 1000
    expect(ended == -signal.SIGABRT, "ended by", ended)
    expect(said["reason"] is None, "no time was told", said["reason"])
    if said["reason"] is not None:
        return
    words.seek(0)
    has_given_up = GIVEN_UP in words.read()
    error = said["etaMs"] / left_ms - 1
    print(f"told after {told - begun:.1f} s: in {said['etaMs'] / 1000:.1f} s, really {left_ms / 1000:.1f} s: "
          f"{100 * error:+.1f} %{', given up early' if has_given_up else ''}")
    expect(said["limit"] == "heapSizeLimit" and said["scope"] == "main", "the limit", said)
    expect(said["basis"] == "post-gc floor", "the basis", said)
    expect(abs(error) <= (NEAR_GIVEN_UP if has_given_up else NEAR), "off by", error)
    expect(said["etaLowMs"] <= said["etaMs"], "the interval", said)
    growth = said["growthPerHour"] / 3600 / MIB
    expect(abs(growth / RATE_MIB - 1) <= NEAR, "growth in MiB a second", growth)


def catches_interrupts(pid):
    """Has it come so far that Ctrl-C is not its end?"""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        caught = next(line.split()[1] for line in file if line.startswith("SigCgt:"))
    return int(caught, 16) >> (signal.SIGINT - 1) & 1


def start_watching(pid):
    """A forecast that is under way."""
    asked = start_forecast(pid, 600)
    while asked.poll() is None and not catches_interrupts(asked.pid):
        time.sleep(0.01)
    return asked


def check_ends(running):
    """Ctrl-C ends it early, and with what is known; the end of the process is an error."""
    asked = start_watching(running.pid)
    asked.send_signal(signal.SIGINT)
    said, _ = read_forecast(asked)
    expect(said["reason"] == "too-early", "interrupted", said)
    asked = start_watching(running.pid)
    running.process.kill()
    out, _ = asked.communicate()
    expect(asked.returncode == 3, "exit code after the end of the process", asked.returncode, out)
    expect(json.loads(out)["error"]["code"] == "gone", "the error", out)


def main(words):
    if len(words) != 1:
        sys.exit("usage: forecast.py VERSION")
    node = releases.binary_or_skip(words[0])
    flags = [f"--max-old-space-size={HEAP_MIB}"]
    with tempfile.TemporaryFile() as last_words, \
            target.Target(node, SCRIPT, 0, flags=flags) as steady, \
            target.Target(node, SCRIPT, RATE_MIB, flags=flags, stderr=last_words) as leaking:
        asked = start_forecast(steady.pid, 2 * WATCH_S)
        check_leaking(leaking, last_words)
        said, _ = read_forecast(asked)
        print("steady:", json.dumps(said))
        expect(said["reason"] is not None, "a time was told where nothing leaks", said)
        expect(said["etaMs"] is None and said["etaLowMs"] is None, "a time without reason", said)
        check_ends(steady)
    print(f"{words[0]}: {len(PROBLEMS)} problems")
    return 1 if PROBLEMS else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
