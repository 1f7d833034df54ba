#!/usr/bin/env python3
"""What --trace-gc prints on stdout is read along: traced.py VERSION

Waits for events and never for time; ends what it started by its pid.
"""
import contextlib
import json
import os
import pathlib
import pty
import re
import select
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "node"))

import releases  # noqa: E402

LIMIT_S = 60  # only against hanging
# Collects once it is told to: the recording has begun by then.
COLLECTS = """
const { Worker, isMainThread, parentPort } = require('worker_threads');
function collect(times) {
  for (let i = 0; i < times; i++) {
    for (let k = 0, kept; k < 300000; k++) kept = { k, kept: null };
    gc();
  }
}
const worker = new Worker(`(${(collect) => {
  require('worker_threads').parentPort.once('message', () => { collect(2); process.exit(0); });
}})(${collect})`, { eval: true });
worker.on('online', () => console.log('ready'));
process.stdin.once('data', () => {
  console.log('go');
  collect(3);
  worker.postMessage(0);
  worker.on('exit', () => process.exit(0));
});
"""
LINE = re.compile(r"^\[\d+:(0x[0-9a-f]+)\S*\] +([\d.]+) ms: (\S+).*?\) MB,.*? ([\d.]+) / [\d.]+ ms", re.MULTILINE)


def expect(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(part) for part in what))


def ask(path, sql):
    """What the recording says; [] while it is being made."""
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=10)) as database:
            return database.execute(sql).fetchall()
    except sqlite3.OperationalError:
        return []


class Tests:
    def __init__(self, node, folder):
        self.node = node
        self.folder = folder

    def run(self, *command, options=("-q",), **more):
        file = self.folder / "out.json"
        done = subprocess.run([releases.nodemem(), "run", f"--json={file}", *options, "--", *command],
                              timeout=LIMIT_S, check=False, **{"stdout": subprocess.PIPE,
                                                               "stderr": subprocess.PIPE, **more})
        return done, json.loads(file.read_text(encoding="utf-8").splitlines()[-1])

    def each_is_recorded_once(self):
        path = self.folder / "rec.db"
        child = subprocess.Popen([releases.nodemem(), "record", "-o", path, "--", self.node, "--trace-gc",
                                  "--expose-gc", "-e", COLLECTS], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            begun = time.monotonic()
            while len(ask(path, "SELECT DISTINCT isolate FROM sample")) < 2:
                expect(time.monotonic() - begun < LIMIT_S, "the worker is never seen")
                time.sleep(0.01)
            printed = child.communicate(b"go\n", timeout=LIMIT_S)[0].decode().partition("go\n")[2]
        finally:
            child.kill()
            child.wait()
        lines = LINE.findall(printed)
        expect(len({line[0] for line in lines}) == 2, "no line of the worker:", printed)
        # V8's lines come in blocks: some are those of before.
        rows = ask(path, "SELECT name, major, source, count, pause_ms FROM gc JOIN isolate ON isolate.id = isolate")
        majors = [row for row in rows if row[1]]
        expect(sum(row[3] for row in rows if row[2] == "trace") >= len(lines), rows, printed)
        for isolate, times in ("main", 3), ("worker-1", 2):
            expect(sum(row[0] == isolate for row in majors) == times, isolate, rows, printed)
        expect(all(row[2] == "trace" and row[4] > 0 for row in majors), majors)
        wanted = sum(float(line[3]) for line in lines if line[2] != "Scavenge")
        expect(abs(sum(row[4] for row in majors) - wanted) < 0.05, wanted, majors)

    def the_last_ones_are_told_at_the_end(self):
        done, end = self.run(self.node, "--trace-gc", "--expose-gc", "-e", "gc(); gc()")
        expect(end["cause"] == "exit" and len(end["lastGcs"]) >= 2, end)
        kind, pause = LINE.findall(done.stdout.decode())[-1][2:]
        expect(end["lastGcs"][-1]["kind"].startswith(kind), end["lastGcs"], done.stdout)
        expect(abs(end["lastGcs"][-1]["pauseMs"] - float(pause)) < 0.01, end["lastGcs"], done.stdout)

    def without_it_stdout_is_the_commands_own(self):
        done, _ = self.run(self.node, "-p", "require('fs').readlinkSync('/proc/self/fd/1')")
        read, _ = self.run(self.node, "-p", "require('fs').readlinkSync('/proc/self/fd/1')",
                           options=["-q", "--read-stdout"])
        expect(done.stdout != read.stdout, done.stdout, read.stdout)

    def both_pass_byte_for_byte(self):
        script = ("const b = Buffer.alloc(3 << 20); for (let i = 0; i < b.length; i++) b[i] = i * 7 + "
                  "(i >> 9); const put = (fd) => { let at = 0; while (at < b.length) { try { "
                  "at += fs.writeSync(fd, b, at) } catch (e) { if (e.code !== 'EAGAIN') throw e } } }; "
                  "put(1); put(2)")
        plain = subprocess.run([self.node, "-e", script], capture_output=True, timeout=LIMIT_S, check=True)
        done, _ = self.run(self.node, "-e", script, options=["-q", "--read-stdout"])
        expect(done.returncode == 0 and done.stdout == plain.stdout, "stdout differs")
        report = done.stderr.rindex(b"\nnodemem: ")
        expect(done.stderr[:report].rstrip(b"\n") == plain.stderr.rstrip(b"\n"), "stderr differs")

    def two_that_are_one_keep_their_order(self):
        script = "for (let i = 0; i < 4000; i++) fs.writeSync(1 + i % 2, i + '\\n')"
        done, _ = self.run(self.node, "-e", script, options=["-q", "--read-stdout"], stderr=subprocess.STDOUT)
        numbers = [int(line) for line in done.stdout.split(b"\nnodemem: ")[0].split()]
        expect(numbers == list(range(4000)), "not in order")

    def a_closed_stdout_looks_closed_to_the_command(self):
        ours, theirs = os.pipe()
        os.close(ours)
        script = ("process.stdout.on('error', (e) => { process.exit(e.code === 'EPIPE' ? 4 : 5) }); "
                  "setInterval(() => process.stdout.write('x'), 1)")
        done, _ = self.run(self.node, "-e", script, options=["-q", "--read-stdout"], stdout=theirs)
        os.close(theirs)
        expect(done.returncode == 4, done.returncode)

    def a_full_disk_is_an_error_for_the_command(self):
        script = ("process.stdout.on('error', (e) => { process.exit(e.code === 'EPIPE' ? 4 : 5) }); "
                  "setInterval(() => process.stdout.write('x'), 1)")
        with open("/dev/full", "wb") as full:
            done, _ = self.run(self.node, "-e", script, options=["-q", "--read-stdout"], stdout=full)
        expect(done.returncode == 4, done.returncode)

    def a_terminal_stays_one(self):
        ours, theirs = pty.openpty()
        done, _ = self.run(self.node, "-p", "JSON.stringify([0, 1, 2].map(require('tty').isatty))",
                           options=["-q", "--read-stdout"], stdin=subprocess.DEVNULL, stdout=theirs)
        expect(done.returncode == 0 and select.select([ours], [], [], LIMIT_S)[0], done)
        shown = os.read(ours, 4096)
        os.close(ours)
        os.close(theirs)
        expect(b"[false,true,false]\r\n" in shown, shown)


TESTS = [name for name in vars(Tests) if name[0] != "_" and name != "run"]


def main():
    version = sys.argv[1]
    wanted = sys.argv[2:]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="nodemem-traced-") as folder:
        tests = Tests(releases.binary_or_skip(version), pathlib.Path(folder))
        for name in TESTS:
            if wanted and name not in wanted:
                continue
            try:
                getattr(tests, name)()
                print(f"ok      {name}", flush=True)
            except (AssertionError, OSError, ValueError, LookupError, subprocess.SubprocessError) as problem:
                failed += 1
                print(f"FAILED  {name}: {problem}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
