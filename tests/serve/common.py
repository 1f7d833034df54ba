"""What tests of `nodemem serve` share: the server, a client, and a strict reader of its formats."""

import http.client
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "node"))

import releases  # noqa: E402
from target import Target, plain_environment  # noqa: E402, F401

OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PLAIN = "text/plain; version=0.0.4; charset=utf-8"
SPACES = {"read_only", "new", "old", "code", "map", "large_object", "code_large_object", "new_large_object", "shared",
          "trusted", "shared_trusted", "shared_large_object", "trusted_large_object", "shared_trusted_large_object"}


class Skip(Exception):
    """What a test needs is not here."""


def program_or_skip(name):
    """The path of a program of Debian's."""
    path = shutil.which(name)
    if not path:
        raise Skip(f"no {name} (tools/setup test installs it)")
    return path


class Server:
    """`nodemem serve`; gone when the block ends."""

    def __init__(self, *words, prefix=(), listen="127.0.0.1:0", environment=None):
        self.process = subprocess.Popen(
            [*prefix, releases.nodemem(), "serve", "--listen", listen, *map(str, words)],
            stderr=subprocess.PIPE, text=True,
            env={**{name: value for name, value in os.environ.items() if not name.startswith("OTEL_")},
                 **(environment or {})})

    def __enter__(self):
        line = self.process.stderr.readline()
        found = re.fullmatch(r"nodemem: serving on http://(.*):(\d+)/\n", line)
        if not found:
            self.process.kill()
            raise RuntimeError(f"serve said {line!r} {self.process.communicate()[1]!r}")
        self.host, self.port = found[1], int(found[2])
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        if self.process.wait(timeout=30) != 0:
            raise RuntimeError(f"serve ended with {self.process.returncode}: {self.process.stderr.read()}")
        self.process.stderr.close()

    @property
    def address(self):
        """127.0.0.1:NNNN"""
        return f"{self.host}:{self.port}"

    def ask(self, path, method="GET", headers=None, body=None):
        """(status, headers, text)"""
        connection = http.client.HTTPConnection(self.host.strip("[]"), self.port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def metrics(self, is_open=False):
        """Families of /metrics, read strictly."""
        status, headers, text = self.ask("/metrics", headers={"Accept": OPEN} if is_open else {})
        require(status == 200, f"/metrics is {status}")
        require(headers["Content-Type"] == (OPEN if is_open else PLAIN), headers["Content-Type"])
        return parse(text, is_open)

    def rss(self):
        """Resident bytes of the server itself."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def require(truth, text):
    """Fail the test."""
    if not truth:
        raise AssertionError(text)


def wait_for(what, look, seconds=60):
    """Until look() has something to say; there is no event for what other programs come to know."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


# ---- the formats of Prometheus ---------------------------------------------------------------

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)")
TAILS = {"counter": "_total", "info": "_info"}
ESCAPES = {r"\n": "\n", r"\"": '"', r"\\": "\\"}


def parse_labels(text):
    """Pairs of a series, which nothing else stands between."""
    labels, at = {}, 0
    while at < len(text):
        found = LABEL.match(text, at)
        require(found, f"no label: {text[at:]}")
        name = found[1]
        require(name not in labels, f"label {name} twice")
        labels[name] = re.sub(r'\\["\\n]', lambda match: ESCAPES[match[0]], found[2])
        at = found.end()
        if at < len(text):
            require(text[at] == "," and at + 1 < len(text), f"no comma: {text[at:]}")
            at += 1
    return labels


class Family:
    """{type, help, unit, series: {labels: value}}"""

    def __init__(self, name):
        self.name = name
        self.type = self.help = self.unit = None
        self.series = {}

    def get(self, **labels):
        """The one value with these labels among others."""
        found = [value for key, value in self.series.items() if labels.items() <= dict(key).items()]
        require(len(found) == 1, f"{self.name} {labels}: {len(found)} series")
        return found[0]

    def add(self, labels, value):
        """A series once."""
        key = frozenset(labels.items())
        require(key not in self.series, f"{self.name}{labels} twice")
        self.series[key] = value


def check_family(family, is_open):
    """What holds for each kind."""
    require(family.help and family.type, f"{family.name}: no HELP or TYPE")
    require(family.series, f"{family.name}: no series")
    for value in family.series.values():
        require(value == value and abs(value) != float("inf"), f"{family.name} is {value}")
        require(family.type != "counter" or value >= 0, f"{family.name} is {value}")
        require(family.type != "info" or value == 1, f"{family.name} is {value}")
    if is_open and family.name.endswith(("_bytes", "_seconds", "_bytes_per_second")):
        require(family.unit and family.name.endswith("_" + family.unit), f"{family.name}: unit {family.unit}")
    if is_open and family.type in TAILS:
        require(not family.name.endswith(TAILS[family.type]), family.name)


def parse(text, is_open):
    """Families by name of their series, of a whole document; the order and each line are checked."""
    families, family = {}, None
    lines = text.split("\n")
    require(lines.pop() == "", "no line break at the end")
    if is_open:
        require(lines.pop() == "# EOF", "no # EOF at the end")
    for line in lines:
        if line.startswith("# "):
            _, what, name, rest = line.split(" ", 3)
            if what == "HELP":
                require(name not in families, f"{name} stands in two places")
                family = families[name] = Family(name)
                family.help = rest
            require(family and family.name == name and not family.series, line)
            if what == "TYPE":
                require(rest in ("gauge", "counter") or is_open and rest == "info", line)
                family.type = rest
            if what == "UNIT":
                require(is_open, line)
                family.unit = rest
            require(what in ("HELP", "TYPE", "UNIT"), line)
            continue
        found = SAMPLE.fullmatch(line)
        require(found and family, f"no series: {line!r}")
        tail = TAILS.get(family.type, "") if is_open else ""
        require(found[1] == family.name + tail, f"{found[1]} in {family.name}")
        family.add(parse_labels(found[2] or ""), float(found[3]))
    for family in families.values():
        check_family(family, is_open)
    return {name + (TAILS.get(family.type, "") if is_open else ""): family for name, family in families.items()}


def run_tests(tests):
    """Each function of the list as a test, in TAP."""
    print(f"1..{len(tests)}")
    failed = 0
    for number, test in enumerate(tests, 1):
        name = test.__doc__.splitlines()[0].rstrip(".")
        try:
            test()
            print(f"ok {number} - {name}")
        except Skip as why:
            print(f"ok {number} - {name} # SKIP {why}")
        except Exception as error:  # a test that fails in whatever way has failed
            failed += 1
            print(f"not ok {number} - {name}")
            for line in f"{type(error).__name__}: {error}".splitlines():
                print(f"# {line}")
        sys.stdout.flush()
    return 1 if failed else 0


def node_or_none(version):
    """The release's node; without it all is skipped, in TAP."""
    if not releases.is_there(version):
        print(f"1..0 # SKIP Node.js {version} is not in {releases.cache()} (tools/node-versions fetches it)")
        sys.exit(0)
    return releases.binary_or_skip(version)
