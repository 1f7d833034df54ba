#!/usr/bin/env python3
"""What a scrape of `nodemem serve` takes, with many processes, and one of prom-client inside each; one JSON document.

    serve.py [PROCESSES]

50 unless said. See README.md.
"""

import contextlib
import http.client
import json
import os
import pathlib
import random
import statistics
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "serve"))

from common import OPEN, Server, Target, node_or_none, releases, wait_for  # noqa: E402

NODE = "24.21.0"
ROUNDS = 20
# Numbers older than this are taken anew: NM_FRESH_MS of src/cmd/serve/lookout.h.
FRESH_S = 1.05
WANTED_MS = 30


def scrape(connection):
    """Milliseconds of one scrape, and its text."""
    begun = time.perf_counter()
    connection.request("GET", "/metrics", headers={"Accept": OPEN})
    text = connection.getresponse().read()
    return (time.perf_counter() - begun) * 1000, text


def summary(values):
    """Of milliseconds."""
    return {"count": len(values), "min": round(min(values), 2), "median": round(statistics.median(values), 2),
            "p90": round(statistics.quantiles(values, n=10)[-1], 2), "max": round(max(values), 2)}


def cpu_ms(pid):
    """What a process has used of processors."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def own_mib(pid):
    """Memory of a process that is not a file's: pages of the executables that it reads are shared by all."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        kib = next(int(line.split()[1]) for line in file if line.startswith("RssAnon:"))
    return round(kib / 1024, 1)


def measure(server, targets):
    """Scrapes of both, in turns."""
    ours = http.client.HTTPConnection(server.host, server.port)
    theirs = [http.client.HTTPConnection("127.0.0.1", one.hello["port"]) for one in targets]
    outside, cached, inside, inside_all = [], [], [], []
    scrape(ours)
    for connection in theirs:
        scrape(connection)
    used, begun = cpu_ms(server.process.pid), time.monotonic()
    for _ in range(ROUNDS):
        # Not in step with the looks that the server takes by itself.
        time.sleep(FRESH_S + random.random())
        took, text = scrape(ours)
        outside.append(took)
        cached.append(scrape(ours)[0])
        each = [scrape(connection)[0] for connection in theirs]
        inside += each
        inside_all.append(sum(each))
    share = (cpu_ms(server.process.pid) - used) / 1000 / (time.monotonic() - begun)
    return {"processes": len(targets), "scrapeMs": summary(outside), "cachedMs": summary(cached),
            "promClientEachMs": summary(inside), "promClientAllMs": summary(inside_all),
            "share": round(statistics.median(outside) / statistics.median(inside_all), 3),
            "ofOne": round(statistics.median(outside) / statistics.median(inside), 2),
            "bytes": len(text), "series": sum(1 for line in text.splitlines() if not line.startswith(b"#")),
            "processorShare": round(share, 4), "ownMib": own_mib(server.process.pid)}


def main(words):
    node = node_or_none(NODE)
    package = releases.cache() / "serve" / "node_modules" / "prom-client"
    if not package.exists():
        sys.exit(f"no {package} (tools/node-packages fetches it)")
    count = int(words[0]) if words else 50
    with contextlib.ExitStack() as stack:
        targets = [stack.enter_context(Target(node, HERE / "serve.js", package)) for _ in range(count)]
        server = stack.enter_context(Server(*(one.pid for one in targets)))
        wait_for("all of them", lambda: len(server.metrics()["nodemem_up"].series) == count and
                 len(server.metrics()["nodejs_version_info"].series) == count)
        found = measure(server, targets)
    print(json.dumps({"schema": "nodemem/bench-serve/1", "load": round(os.getloadavg()[0], 2), **found}))
    if found["scrapeMs"]["median"] > WANTED_MS:
        print(f"a scrape of {count} processes takes {found['scrapeMs']['median']} ms, wanted are {WANTED_MS}",
              file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
