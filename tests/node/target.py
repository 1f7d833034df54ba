"""A Node.js process under test: started, spoken to over pipes, and ended whatever happens."""

import json
import os
import pathlib
import signal
import subprocess
import sys

TARGETS = pathlib.Path(__file__).resolve().parent / "targets"


# Ending this program early, as a test's timeout does, must end the targets too.
signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))


def plain_environment():
    """Ours without what would change Node's behaviour, or make malloc fill what it gives out."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith(("NODE_", "MALLOC_"))}


class Target:
    """Runs `node script`; as a context manager it is gone when the block ends.

    `hello` is the JSON line with which the script announces itself.
    """

    def __init__(self, node, script, *words, flags=(), prefix=(), environment=None, pass_fds=(),
                 stderr=None):
        self.process = subprocess.Popen(
            [*prefix, node, *flags, str(script), *map(str, words)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, pass_fds=pass_fds,
            env={**plain_environment(), **(environment or {})})
        self.hello = None

    def __enter__(self):
        try:
            self.hello = json.loads(self.read_line())
        except Exception:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()

    @property
    def pid(self):
        """Of the node process: a prefix such as setpriv is replaced by it."""
        return self.process.pid

    def read_line(self):
        """The next line of the script's output; an empty one means that it ended."""
        line = self.process.stdout.readline().decode()
        if not line:
            raise RuntimeError(f"the target ended: exit code {self.process.wait()}")
        return line

    def read_numbers(self, size):
        """The next `size` bytes of the script's output."""
        data = self.process.stdout.read(size)
        if len(data) != size:
            raise RuntimeError(f"the target ended: exit code {self.process.wait()}")
        return data

    def go_on(self):
        """Let the script leave its blocking read."""
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def end(self):
        """Kill it and take note of its end."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            stream.close()
