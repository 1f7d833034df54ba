"""A Node.js process under test and what it says of itself: V8's numbers, and the C library's."""

import json
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "safety"))

from common import releases, target, wait_for_rest  # noqa: E402

SCENARIOS = HERE / "targets" / "scenarios.js"


def addons_or_skip():
    """The folder which tools/node-packages fills; ends this program as skipped where it is absent."""
    place = releases.cache() / "addons"
    if not (place / "node_modules").exists():
        print(f"skipped: no addons in {place} (tools/node-packages fetches them)")
        sys.exit(releases.SKIPPED)
    return place


class Inside(target.Target):
    """Runs a scenario with the oracle preloaded, after other libraries if need be.

    `environment` is what else it finds there.
    """

    def __init__(self, node, scenario, *words, preloads=(), flags=(), **environment):
        asked, self.ask = os.pipe()
        self.answers, answer = os.pipe()
        oracle = releases.tool("NODEMEM_ORACLE_LIBRARY", "tests/ledger/liboracle.so")
        try:
            super().__init__(node, SCENARIOS, scenario, *words, flags=["--expose-gc", *flags],
                             environment={"LD_PRELOAD": ":".join([*preloads, oracle]),
                                          "NODEMEM_ORACLE": f"{asked},{answer}",
                                          **environment},
                             pass_fds=(asked, answer))
        finally:
            os.close(asked)
            os.close(answer)

    def ask_oracle(self, question):
        os.write(self.ask, question)
        data = b""
        while not data.endswith(b"\n"):
            more = os.read(self.answers, 4096)
            if not more:
                raise RuntimeError("the oracle is gone")
            data += more
        return json.loads(data)

    def malloc(self):
        """mallinfo2() as {"arena", "inUse", "free", "fastbins", "mmapped", "mmappedChunks"}."""
        return self.ask_oracle(b"i")

    def trim(self):
        """malloc_trim(0)."""
        return self.ask_oracle(b"t")

    def numbers(self, word=b"n"):
        """What it tells of itself; it is at rest again after that."""
        self.process.stdin.write(word)
        self.process.stdin.flush()
        told = json.loads(self.read_line())
        wait_for_rest(self.pid)
        return told

    def end(self):
        super().end()
        for pipe in (self.ask, self.answers):
            os.close(pipe)
