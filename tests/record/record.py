#!/usr/bin/env python3
"""Recordings of real Node processes: record.py VERSION [TEST...]

Waits for events and never for time, but for the random moments at which the recorder is killed; ends what it
started by its pid.
"""
import contextlib
import json
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "node"))

import releases  # noqa: E402

LIMIT_S = 60  # only against hanging
KILLS = 100
LOST_MS = 2000  # at most so much is missing after a kill
TARGET = """
const { Worker } = require('worker_threads');
const kept = [];
setInterval(() => { kept.push(new Array(1000).fill(1)); }, 20);
const worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
worker.on('online', () => console.log('ready'));
process.stdin.on('end', () => process.exit(0)).resume();
"""


def expect(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(part) for part in what))


def wait_for(what, condition):
    begun = time.monotonic()
    while not condition():
        expect(time.monotonic() - begun < LIMIT_S, "waited in vain for", what)
        time.sleep(0.01)


def ask(path, sql):
    """What the recording says; [] while it is being made."""
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=10)) as database:
            return database.execute(sql).fetchall()
    except sqlite3.OperationalError:
        return []


def count(path):
    rows = ask(path, "SELECT count(*) FROM sample")
    return rows[0][0] if rows else 0


class Tests:
    def __init__(self, node, folder):
        self.node = node
        self.folder = folder

    @contextlib.contextmanager
    def target(self):
        process = subprocess.Popen([self.node, "-e", TARGET], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        try:
            expect(process.stdout.readline() == b"ready\n", "the target did not start")
            yield process
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
            process.stdin.close()

    def start(self, *words):
        return subprocess.Popen([releases.nodemem(), "record", *map(str, words)],
                                stderr=subprocess.PIPE, stdout=subprocess.PIPE)

    def end(self, recorder, number=signal.SIGINT):
        recorder.send_signal(number)
        out, err = recorder.communicate(timeout=LIMIT_S)
        return recorder.returncode, out.decode(), err.decode()

    def what_is_recorded_is_what_usage_shows(self):
        path = self.folder / "numbers"
        with self.target() as target:
            recorder = self.start("--json", "-i", "100ms", "-o", path, target.pid)
            wait_for("samples", lambda: count(path) > 40)
            os.kill(target.pid, signal.SIGSTOP)
            seen = count(path)
            wait_for("samples of a process that stands still", lambda: count(path) > seen + 4)
            usage = json.loads(subprocess.run(
                [releases.nodemem(), "usage", "--json", str(target.pid)], check=True,
                capture_output=True).stdout)
            os.kill(target.pid, signal.SIGCONT)
            code, out, _ = self.end(recorder)
        expect(code == 0, code)
        expect(json.loads(out)["schema"] == "nodemem/record/1", out)
        names = [row[0] for row in ask(path, "SELECT name FROM isolate ORDER BY id")]
        expect(names == ["main", "worker-1"], names)
        rows = ask(path, "SELECT rss, heap_total, heap_used, external, array_buffers FROM numbers"
                         " WHERE isolate = 'main'")
        wanted = tuple(usage[key] for key in ("rss", "heapTotal", "heapUsed", "external", "arrayBuffers"))
        expect(wanted in rows, wanted, rows[-8:])
        for table in "space_sample", "ledger", "limit_value", "limit_use":
            expect(ask(path, f"SELECT count(*) FROM {table}")[0][0] > 0, table)
        expect(ask(path, "SELECT ended_ms FROM recorder") != [(None,)])

    def a_foreign_end_is_told(self):
        for number in signal.SIGKILL, signal.SIGTERM, signal.SIGABRT:
            path = self.folder / f"end-{int(number)}"
            with self.target() as target:
                recorder = self.start("-i", "100ms", "-o", path, target.pid)
                wait_for("samples", lambda: count(path) > 1)
                target.send_signal(number)
                code, _, err = self.wait(recorder)
            expect(code == 0 and number.name in err, code, err)
            ends = ask(path, "SELECT cause, exit_code, signal FROM ending")
            expect(ends == [("signal", 128 + number, int(number))], ends)

    def wait(self, recorder):
        out, err = recorder.communicate(timeout=LIMIT_S)
        return recorder.returncode, out.decode(), err.decode()

    def a_foreign_death_at_the_heap_limit_is_told_with_its_class(self):
        path = self.folder / "full"
        program = """
            class PlantedLeak { constructor(i) { this.i = i; this.a = i + 0.5; this.b = -i; } }
            const kept = [];
            process.stdin.once('data', () => setInterval(() => {
              for (let i = 0; i < 2500; i++) kept.push(new PlantedLeak(i)); }, 10));"""
        target = subprocess.Popen([self.node, "--max-old-space-size=80", "-e", program],
                                  stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            recorder = self.start("-i", "100ms", "-o", path, target.pid)
            wait_for("samples", lambda: count(path) > 1)
            target.stdin.write(b"go")
            target.stdin.close()
            target.wait(timeout=LIMIT_S)
            code, _, err = self.wait(recorder)
        finally:
            target.kill()
            target.wait()
        expect(code == 0, code, err)
        why = json.loads(subprocess.run([releases.nodemem(), "why", "--json", path], check=True,
                                        capture_output=True).stdout)
        death = why["deaths"][0]
        expect(why["kind"] == "recording" and death["cause"] == "v8-heap-limit", why)
        expect(death["heap"] and death["heap"]["suspect"] == "PlantedLeak", death)
        expect(ask(path, "SELECT count(*) FROM gc WHERE major")[0][0] > 0, "no major collection")
        forecast = json.loads(subprocess.run(
            [releases.nodemem(), "forecast", "--json", path], check=True, capture_output=True).stdout)
        expect(forecast["limit"] == "heapSizeLimit" and "full" in forecast["ended"], forecast)

    def an_exit_code_is_told(self):
        path = self.folder / "exit"
        with self.target() as target:
            recorder = self.start("-i", "100ms", "-o", path, target.pid)
            wait_for("samples", lambda: count(path) > 1)
            target.stdin.close()
            self.wait(recorder)
        ends = ask(path, "SELECT cause, exit_code, signal FROM ending")
        expect(ends == [("exit", 0, 0)], ends)

    def a_command_is_recorded_and_keeps_its_code(self):
        path = self.folder / "command"
        program = "setTimeout(() => process.exit(7), 600)"
        done = subprocess.run(
            [releases.nodemem(), "record", "-i", "100ms", "-o", path, "--", self.node, "-e", program],
            capture_output=True, timeout=LIMIT_S, check=False)
        expect(done.returncode == 7, done)
        expect(count(path) >= 3, count(path))
        expect(ask(path, "SELECT cause, exit_code FROM ending") == [("exit", 7)])

    def children_are_recorded_too(self):
        path = self.folder / "children"
        program = """
            const { fork } = require('child_process');
            const file = require('path').join(require('os').tmpdir(), `child-${process.pid}.js`);
            require('fs').writeFileSync(file, 'setTimeout(() => {}, 1500)');
            fork(file).on('exit', () => require('fs').unlinkSync(file));"""
        done = subprocess.run(
            [releases.nodemem(), "record", "-i", "100ms", "-o", path, "--", self.node, "-e", program],
            capture_output=True, timeout=LIMIT_S, check=False)
        expect(done.returncode == 0, done)
        rows = ask(path, "SELECT label, count(*) FROM numbers GROUP BY pid")
        expect(len(rows) == 2 and all(row[1] >= 3 for row in rows), rows)

    def a_killed_recorder_loses_two_seconds_at_most(self):
        path = self.folder / "killed"
        with self.target() as target:
            for number in range(KILLS):
                before = count(path)
                recorder = self.start("-i", "100ms", "-o", path, target.pid)
                wait_for("its first samples", lambda: count(path) > before)
                time.sleep(random.random() * 0.5)
                recorder.kill()
                killed_ms = time.time() * 1000
                recorder.communicate()
                last = ask(path, "SELECT max(time_ms) FROM sample")
                expect(last and last[0][0] > killed_ms - LOST_MS, number, last, killed_ms)
                expect(ask(path, "PRAGMA quick_check") == [("ok",)], number)
            expect(target.poll() is None, "the target ended")
        expect(ask(path, "SELECT count(*) FROM process") == [(1,)])
        expect(ask(path, "SELECT count(*) FROM recorder WHERE ended_ms IS NULL") == [(KILLS,)])

    def a_full_disk_ends_it_with_a_message(self):
        if os.geteuid() != 0:
            print("        (not root: no small disk can be made)")
            return
        disk = self.folder / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk], check=True)
        try:
            path = disk / "full"
            with self.target() as target:
                recorder = self.start("-i", "100ms", "-o", path, target.pid)
                wait_for("samples", lambda: count(path) > 5)
                with contextlib.suppress(OSError), (disk / "other").open("wb", 0) as other:
                    while True:
                        other.write(b"x" * 4096)
                code, _, err = self.wait(recorder)
            expect(code == 1 and "no room is left" in err and "can be read" in err, code, err)
            (disk / "other").unlink()
            expect(count(path) > 5, "the recording cannot be read")
            expect(ask(path, "PRAGMA quick_check") == [("ok",)])
        finally:
            subprocess.run(["umount", disk], check=True)


TESTS = [name for name, value in vars(Tests).items()
         if callable(value) and name[0] != "_" and name not in ("target", "start", "end", "wait")]


def main():
    version, wanted = sys.argv[1], sys.argv[2:]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="nodemem-record-") as folder:
        tests = Tests(releases.binary_or_skip(version), pathlib.Path(folder))
        for name in wanted or TESTS:
            begun = time.monotonic()
            try:
                getattr(tests, name)()
                print(f"ok      {name} ({time.monotonic() - begun:.1f} s)", flush=True)
            except (AssertionError, OSError, ValueError, LookupError,
                    subprocess.SubprocessError) as problem:
                failed += 1
                print(f"FAILED  {name}: {problem}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
