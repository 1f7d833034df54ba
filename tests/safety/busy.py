"""A target that works without pause, and whether it does what it should."""

import json
import os
import signal
import time

from common import TARGETS, expect, is_running, target, threads_of

# Nothing takes as long on a machine that does other things too; only against hanging.
LIMIT_S = 20


class Busy(target.Target):
    """Runs busy.js; `report` is what it told last."""

    def __init__(self, node, *words, **more):
        super().__init__(node, TARGETS / "busy.js", *words, **more)
        self.sent, self.report = 0, None

    def ask(self):
        self.go_on()
        self.report = json.loads(self.read_line())
        expect(not self.report["errors"], "the target's work went wrong:", self.report["errors"])
        return self.report

    def send_signal(self):
        """One; standard signals of a kind do not queue, so the one before must have come."""
        self.wait_for_signals()
        os.kill(self.pid, signal.SIGUSR2)
        self.sent += 1

    def wait_for_signals(self):
        begun = time.monotonic()
        while self.ask()["signals"] < self.sent:
            expect(time.monotonic() - begun < LIMIT_S,
                   f"of {self.sent} signals {self.report['signals']} came")
        expect(self.report["signals"] == self.sent, f"{self.report['signals']} signals came, "
               f"{self.sent} were sent")

    def wait_until_running(self):
        """No thread is left stopped or traced: the kernel lets go of them as their tracer ends."""
        begun = time.monotonic()
        while not is_running(self.pid):
            expect(time.monotonic() - begun < LIMIT_S,
                   f"its threads are left as {threads_of(self.pid)}")

    def wait_for_work(self):
        """Every kind of its work goes on from here."""
        begun, before = time.monotonic(), dict(self.ask()["done"])
        while any(self.ask()["done"][name] <= count for name, count in before.items()):
            expect(time.monotonic() - begun < LIMIT_S,
                   f"it stands still: {before} became {self.report['done']}")
