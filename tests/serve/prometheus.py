#!/usr/bin/env python3
"""A real Prometheus scrapes `nodemem serve`: it knows what the processes say of themselves, its rules fire.

    prometheus.py VERSION
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

from common import HERE, ROOT, Server, Target, node_or_none, program_or_skip, require, run_tests, wait_for
import metrics

RULES = ROOT / "deploy" / "prometheus" / "nodemem.rules.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "nodemem.json"
TOKEN = "a token of the tests, which is long".replace(" ", "-")


class Prometheus:
    """Debian's, with nothing but these targets; gone when the block ends."""

    def __init__(self, folder, servers, rules=None, token=None):
        self.program = program_or_skip("prometheus")
        self.folder = pathlib.Path(folder)
        job = {"job_name": "nodemem", "static_configs": [{"targets": [server.address for server in servers]}]}
        if token:
            job["authorization"] = {"credentials_file": str(token)}
        config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
                  "scrape_configs": [job], "rule_files": [str(rules)] if rules else []}
        # JSON is YAML.
        (self.folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")
        self.process = self.address = None

    def __enter__(self):
        self.process = subprocess.Popen(
            [self.program, f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/data",
             "--web.listen-address=127.0.0.1:0"], stderr=subprocess.PIPE, text=True)
        said, is_ready = [], False
        # It says both at once, in either order.
        for line in self.process.stderr:
            said.append(line)
            found = re.search(r'msg="Listening on" address=(\S+)', line)
            self.address = found[1] if found else self.address
            is_ready = is_ready or "Server is ready" in line
            if is_ready and self.address:
                break
        if not self.address:
            self.__exit__()
            raise RuntimeError("".join(said))
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def get(self, what, **words):
        """An answer of its API."""
        url = f"http://{self.address}/api/v1/{what}?{urllib.parse.urlencode(words)}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            document = json.load(answer)
        require(document["status"] == "success", document)
        return document["data"]

    def query(self, expression):
        """[(labels, value)] of now."""
        return [(one["metric"], float(one["value"][1])) for one in self.get("query", query=expression)["result"]]

    def one(self, expression):
        """The only value, or None."""
        found = self.query(expression)
        return found[0][1] if len(found) == 1 else None


def its_numbers():
    """Prometheus tells what the processes tell of themselves."""
    with tempfile.TemporaryDirectory() as folder, metrics.resting() as one, metrics.resting("zlib") as two, \
            Server(one.pid, two.pid) as server, Prometheus(folder, [server]) as prometheus:
        for running in (one, two):
            for _ in range(3):
                own = metrics.numbers_of(running)[0]
            pid = running.pid
            for name, key in [("nodejs_external_memory_bytes", "external"),
                              ("nodejs_array_buffers_bytes", "arrayBuffers"),
                              ("nodejs_heap_size_total_bytes", "heapTotal"),
                              ("nodejs_heap_size_limit_bytes", "heapSizeLimit")]:
                wait_for(f"{name} of {own[key]}", lambda name=name, key=key: prometheus.one(
                    f'{name}{{pid="{pid}",isolate="main"}}') == own[key])
            used = prometheus.one(f'nodejs_heap_size_used_bytes{{pid="{pid}",isolate="main"}}')
            require(abs(used - own["heapUsed"]) <= metrics.RESIDUE, f"heapUsed {used}, not {own['heapUsed']}")
        require(prometheus.one("up") == 1, "up")
        for name, kind in [("nodejs_heap_size_used_bytes", "gauge"), ("nodemem_gc_total", "counter"),
                           ("nodejs_version_info", "info")]:
            known = prometheus.get("metadata", metric=name) or prometheus.get(
                "metadata", metric=name.removesuffix("_info").removesuffix("_total"))
            require([entry["type"] for entries in known.values() for entry in entries] == [kind], known)


def rules_are_right():
    """promtool checks the rules, and they fire on the series of their tests."""
    promtool = program_or_skip("promtool")
    for words in (["check", "rules", str(RULES)], ["test", "rules", str(HERE / "rules_test.yml")]):
        done = subprocess.run([promtool, *words], capture_output=True, text=True, check=False)
        require(done.returncode == 0, done.stdout + done.stderr)


def alert_of_a_leak():
    """The alert of a forecast fires on a leak, and only on that."""
    # The same rules, which need not wait.
    text = re.sub(r"for: \d+m", "for: 0s", RULES.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        rules = pathlib.Path(folder, "rules.yml")
        rules.write_text(text, encoding="utf-8")
        with metrics.resting() as calm, \
                Target(metrics.NODE, HERE / "targets" / "leak.js", flags=["--max-old-space-size=200"]) as leak, \
                Server(calm.pid, leak.pid) as server, Prometheus(folder, [server], rules) as prometheus:
            def firing():
                return [alert["labels"] for alert in prometheus.get("alerts")["alerts"]
                        if alert["state"] == "firing" and alert["labels"]["alertname"] == "NodeMemoryRunsOut"]
            labels = wait_for("the alert", firing, 90)
            require([one["pid"] for one in labels] == [str(leak.pid)], labels)
            require((labels[0]["limit"], labels[0]["scope"]) == ("heapSizeLimit", "main"), labels)
            summary = [alert["annotations"]["summary"] for alert in prometheus.get("alerts")["alerts"]]
            require(any("leak.js" in text and str(leak.pid) in text for text in summary), summary)


def with_a_token():
    """Prometheus brings the token."""
    with tempfile.TemporaryDirectory() as folder:
        token = pathlib.Path(folder, "token")
        token.touch(mode=0o600)
        token.write_text(TOKEN + "\n", encoding="utf-8")
        with metrics.resting() as running, Server("--token-file", token, running.pid) as server, \
                Prometheus(folder, [server], token=token) as prometheus:
            wait_for("a scrape", lambda: prometheus.one("nodemem_up") == 1)


def dashboard():
    """Each query of the dashboard is understood, and finds something or is of what there may be none of."""
    document = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    queries = [target["expr"] for panel in document["panels"] for target in panel.get("targets", [])]
    require(len(queries) >= 8, queries)
    names = {"$__rate_interval": "1m", "$__range": "1m", "$instance": ".*", "$app": ".*", "$pid": ".*"}
    with tempfile.TemporaryDirectory() as folder, metrics.resting() as running, Server(running.pid) as server, \
            Prometheus(folder, [server]) as prometheus:
        wait_for("a scrape", lambda: prometheus.one("nodemem_up") == 1)
        for query in queries:
            for name, value in names.items():
                query = query.replace(name, value)
            found = prometheus.query(query)
            rare = re.search(r"forecast|growth|oom_kills|rate|memory\.max", query)
            require(found or rare, f"finds nothing: {query}")


if __name__ == "__main__":
    metrics.NODE = node_or_none(sys.argv[1])
    sys.exit(run_tests([its_numbers, rules_are_right, alert_of_a_leak, with_a_token, dashboard]))
