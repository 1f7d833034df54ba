#!/usr/bin/env python3
"""What fills a heap near its limit is told after its end: flight.py VERSION

Waits for events and never for time; ends what it started by its pid.
"""
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "node"))

import releases  # noqa: E402

LIMIT_S = 120  # only against hanging
KILLS = 16

# As fast as a busy server leaks: the heap is full after some seconds.
SMALL = """
class PlantedLeak { constructor(i) { this.i = i; this.a = i + 0.5; this.b = i + 0.25; this.c = -i; } }
const kept = [];
setInterval(() => { for (let i = 0; i < RATE; i++) kept.push(new PlantedLeak(i)); }, 10);
"""
# Few objects that each hold an array: the arrays are most of it.
LARGE = """
class PlantedLeak { constructor() { this.rows = new Array(20000).fill(0.5); } }
const kept = [];
setInterval(() => { kept.push(new PlantedLeak()); }, 10);
"""
WORKER = """
const { Worker } = require('worker_threads');
const worker = new Worker(SOURCE, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 48 } });
worker.on('error', (error) => { console.log(error.code); });
"""


def expect(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(part) for part in what))


class Tests:
    def __init__(self, node, folder):
        self.node = node
        self.folder = folder

    def run(self, program, *options, flags=("--max-old-space-size=80",)):
        file = self.folder / "out.json"
        done = subprocess.run(
            [releases.nodemem(), "run", "-v", f"--json={file}", *options, "--", self.node, *flags, "-e",
             program], capture_output=True, timeout=LIMIT_S, check=False)
        documents = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        expect("cause" in documents[-1], "no end was told:", done.stderr.decode(errors="replace"))
        return done, documents[-1]

    def the_planted_class_is_named(self):
        done, end = self.run(SMALL.replace("RATE", "2000"))
        expect(end["cause"] == "v8-heap-limit", end)
        heap = end["heap"]
        expect(heap, "no histogram:", done.stderr.decode(errors="replace"))
        expect(heap["suspect"] == "PlantedLeak", heap)
        planted = next(one for one in heap["classes"] if one["name"] == "PlantedLeak")
        expect(planted["bytes"] > 0.3 * heap["liveBytes"], planted, heap["liveBytes"])
        expect(heap["classes"][0]["name"] == "PlantedLeak", heap["classes"][:3])
        expect(heap["isolate"] == "main" and 1 <= heap["histograms"] <= 6, heap)
        expect(b"PlantedLeak: " in done.stderr, done.stderr)

    def the_holder_of_large_arrays_is_in_it(self):
        _, end = self.run(LARGE)
        expect(end["cause"] == "v8-heap-limit" and end["heap"], end)
        names = [one["name"] for one in end["heap"]["classes"][:4]]
        # V8 counts the elements of an array apart from it, under a name in brackets.
        expect("(array)" in names or "(double array)" in names or "Array" in names, names)
        expect("PlantedLeak" in [one["name"] for one in end["heap"]["classes"]], end["heap"])

    def a_workers_heap_is_told_too(self):
        source = json.dumps(SMALL.replace("RATE", "1000"))
        done, _ = self.run(WORKER.replace("SOURCE", source), flags=())
        expect(b"ERR_WORKER_OUT_OF_MEMORY" in done.stdout, done.stdout, done.stderr)
        expect(b"a histogram was taken" in done.stderr, done.stderr)

    def a_dump_can_be_read(self):
        dump = self.folder / "near.heapsnapshot.zst"
        _, end = self.run(SMALL.replace("RATE", "2000"), "--dump-near-limit", dump)
        expect(end["cause"] == "v8-heap-limit", end)
        heap = subprocess.run([releases.nodemem(), "heap", "--json", dump], capture_output=True,
                              timeout=LIMIT_S, check=True)
        classes = json.loads(heap.stdout)["classes"]
        planted = next(one for one in classes if one["name"] == "PlantedLeak")
        expect(planted["count"] > 100000, planted)

    def the_child_of_a_large_process_is_no_process(self):
        """A large one is made to make a child, which is read; that is none of its own."""
        program = "globalThis.held = Buffer.alloc(400 << 20, 1);" + SMALL.replace("RATE", "1000")
        done, end = self.run(program)
        expect(end["cause"] == "v8-heap-limit" and end["heap"], end)
        expect(b"by fork" in done.stderr, done.stderr)
        expect(len(end["processes"]) == 1, end["processes"])

    def no_histogram_means_no_stop(self):
        done, end = self.run(SMALL.replace("RATE", "4000"), "--no-histogram")
        expect(end["cause"] == "v8-heap-limit" and end["heap"] is None, end)
        expect(b"stopped for" not in done.stderr, done.stderr)

    def a_program_far_from_its_limit_is_never_stopped(self):
        program = """
            let turns = 0;
            const timer = setInterval(() => {
              const some = []; for (let i = 0; i < 20000; i++) some.push({ i });
              if (++turns === 150) clearInterval(timer);
            }, 5);"""
        done, end = self.run(program, flags=("--max-old-space-size=400",))
        expect(end["cause"] == "exit" and end["heap"] is None, end)
        expect(b"stopped for" not in done.stderr, done.stderr)

    def how_it_ended_is_never_lost(self):
        """A kill may come while the process stands still, and a thread of ours waits for it."""
        for number in range(KILLS):
            sign = random.choice([signal.SIGKILL, signal.SIGTERM])
            program = SMALL.replace("RATE", "6000") + f"""
                const full = require('v8').getHeapStatistics;
                setInterval(() => {{
                  if (full().used_heap_size > {random.randrange(55, 80)} * 1048576)
                    process.kill(process.pid, {int(sign)});
                }}, 1);"""
            done, end = self.run(program)
            # It may be full before it gets to that.
            expect(done.returncode in (128 + sign, 134), number, done.returncode, end)
            expect(end["exitCode"] == done.returncode, end)


TESTS = [name for name in vars(Tests) if name[0] != "_" and name != "run"]


def main():
    version = sys.argv[1]
    wanted = sys.argv[2:]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="nodemem-flight-") as folder:
        tests = Tests(releases.binary_or_skip(version), pathlib.Path(folder))
        for name in TESTS:
            if wanted and name not in wanted:
                continue
            try:
                getattr(tests, name)()
                print(f"ok      {name}", flush=True)
            except (AssertionError, OSError, ValueError, LookupError, StopIteration,
                    subprocess.SubprocessError) as problem:
                failed += 1
                print(f"FAILED  {name}: {problem}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    sys.exit(main())
