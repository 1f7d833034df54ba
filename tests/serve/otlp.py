#!/usr/bin/env python3
"""What `nodemem serve` sends by OTLP/HTTP: every name, unit, kind and attribute; and what it does when it is refused.

    otlp.py VERSION
"""

import http.server
import json
import queue
import socket
import subprocess
import sys
import threading
import time

from common import HERE, Server, Target, node_or_none, releases, require, run_tests
import metrics

# The names, units and kinds of what there may be: a sum that can fall, one that can not, or a gauge.
UP_DOWN, COUNTER, GAUGE = "up-down", "counter", "gauge"
OF_PROCESS = {
    "nodemem.up": ("1", GAUGE, set()),
    "process.memory.usage": ("By", UP_DOWN, set()),
    "process.memory.virtual": ("By", UP_DOWN, set()),
    "process.uptime": ("s", GAUGE, set()),
    "v8js.memory.heap.used": ("By", UP_DOWN, {"nodemem.isolate", "v8js.heap.space.name"}),
    "v8js.memory.heap.space.available_size": ("By", UP_DOWN, {"nodemem.isolate", "v8js.heap.space.name"}),
    "v8js.memory.heap.space.size": ("By", UP_DOWN, {"nodemem.isolate", "v8js.heap.space.name"}),
    "nodemem.v8.heap.limit": ("By", UP_DOWN, {"nodemem.isolate"}),
    "nodemem.external": ("By", UP_DOWN, {"nodemem.isolate"}),
    "nodemem.array_buffers": ("By", UP_DOWN, {"nodemem.isolate"}),
    "nodemem.gc.count": ("{collection}", COUNTER, {"nodemem.isolate", "v8js.gc.type"}),
    "nodemem.limit.size": ("By", GAUGE, {"nodemem.limit.name", "nodemem.limit.scope"}),
    "nodemem.limit.used": ("By", GAUGE, {"nodemem.limit.name", "nodemem.limit.scope"}),
    "nodemem.limit.headroom": ("By", GAUGE, {"nodemem.limit.name", "nodemem.limit.scope"}),
    "nodemem.limit.distance": ("By", GAUGE, {"nodemem.limit.name", "nodemem.limit.scope"}),
}
MAYBE_OF_PROCESS = {
    "nodemem.v8.malloced": ("By", UP_DOWN, {"nodemem.isolate"}),
    "nodemem.forecast.time": ("s", GAUGE, {"nodemem.limit.name", "nodemem.limit.scope"}),
    "nodemem.forecast.time.low": ("s", GAUGE, {"nodemem.limit.name", "nodemem.limit.scope"}),
    "nodemem.forecast.time.high": ("s", GAUGE, {"nodemem.limit.name", "nodemem.limit.scope"}),
    "nodemem.growth": ("By/s", GAUGE, {"nodemem.limit.name", "nodemem.limit.scope"}),
}
OF_NONE = {
    "nodemem.processes": ("{process}", GAUGE, set()),
    "nodemem.hidden_processes": ("{process}", GAUGE, set()),
    "nodemem.sampling.duration": ("s", GAUGE, set()),
    "nodemem.series.dropped": ("{series}", GAUGE, set()),
}
MAYBE_OF_NONE = {"nodemem.cgroup.oom_kills": ("{kill}", COUNTER, {"nodemem.cgroup"})}


class Receiver:
    """Takes requests into a queue, and answers as told; ends with the block."""

    def __init__(self, answer=lambda: (200, {}, b"{}")):
        self.requests = queue.Queue()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """One request."""

            def do_POST(self):  # pylint: disable=invalid-name
                """Keep and answer it."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.put((self.path, self.headers, json.loads(body), time.monotonic()))
                status, headers, text = answer()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):  # pylint: disable=arguments-differ
                """Nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self):
        """Its base."""
        return f"http://127.0.0.1:{self.server.server_port}"

    def take(self):
        """The next request: path, headers, document, when."""
        return self.requests.get(timeout=60)

    def take_with(self, pid):
        """The next document that has that process, read."""
        while True:
            path, headers, document, _ = self.take()
            resources = read(document)
            if any(one["attributes"].get("process.pid") == pid and "process.memory.usage" in one["metrics"]
                   for one in resources):
                return path, headers, resources


def read_attributes(pairs):
    """{key: value}; each key once."""
    out = {}
    for pair in pairs:
        require(set(pair) == {"key", "value"} and pair["key"] not in out, pair)
        (kind, value), = pair["value"].items()
        require(kind in ("stringValue", "intValue") and isinstance(value, str), pair)
        out[pair["key"]] = int(value) if kind == "intValue" else value
    return out


def read_point(point, kind):
    """(attributes, value) of a data point."""
    require(isinstance(point["timeUnixNano"], str), point)
    now = time.time_ns()
    require(now - 60e9 < int(point["timeUnixNano"]) <= now + 1e9, point)
    require("startTimeUnixNano" not in point or
            kind != GAUGE and 0 < int(point["startTimeUnixNano"]) <= int(point["timeUnixNano"]), point)
    require(("asInt" in point) != ("asDouble" in point), point)
    if "asInt" in point:
        require(isinstance(point["asInt"], str), point)
        return read_attributes(point["attributes"]), int(point["asInt"])
    return read_attributes(point["attributes"]), point["asDouble"]


def read_metric(metric):
    """(name, unit, kind, points)"""
    data = metric.get("sum") or metric["gauge"]
    kind = GAUGE
    if "sum" in metric:
        require(data["aggregationTemporality"] == 2, metric)
        kind = COUNTER if data["isMonotonic"] else UP_DOWN
    require(metric["description"] and data["dataPoints"], metric)
    return metric["name"], metric["unit"], kind, [read_point(point, kind) for point in data["dataPoints"]]


def read(document):
    """[{attributes, metrics: {name: (unit, kind, points)}}], each thing checked."""
    resources = []
    for one in document["resourceMetrics"]:
        found = {"attributes": read_attributes(one["resource"]["attributes"]), "metrics": {}}
        scope, = one["scopeMetrics"]
        require(scope["scope"]["name"] == "nodemem" and scope["scope"]["version"], scope["scope"])
        for metric in scope["metrics"]:
            name, *rest = read_metric(metric)
            require(name not in found["metrics"], f"{name} twice")
            found["metrics"][name] = rest
        resources.append(found)
    return resources


def check_names(found, always, maybe):
    """All names that must be there, and no other than may be; units, kinds and attributes."""
    require(set(always) <= set(found) <= set(always) | set(maybe), set(found) ^ set(always))
    for name, (unit, kind, points) in found.items():
        require((unit, kind) == {**always, **maybe}[name][:2], f"{name}: {unit}, {kind}")
        for attributes, _ in points:
            require(set(attributes) == {**always, **maybe}[name][2], f"{name}: {attributes}")


def value(resource, name, **attributes):
    """The one point with these attributes, in which dots are underlines."""
    found = [number for at, number in resource["metrics"][name][2]
             if attributes.items() <= {key.replace(".", "_"): text for key, text in at.items()}.items()]
    require(len(found) == 1, f"{name} {attributes}: {len(found)} points")
    return found[0]


def of_pid(resources, pid):
    """The resource of that process."""
    found, = [one for one in resources if one["attributes"].get("process.pid") == pid]
    return found


def every_name():
    """Every name, unit, kind and attribute, and the numbers that the process tells of itself."""
    with metrics.resting() as running, Receiver() as receiver:
        for _ in range(3):
            own = metrics.numbers_of(running)[0]
        with Server("--otlp", receiver.url, "--otlp-interval", "200ms", running.pid):
            path, headers, resources = receiver.take_with(running.pid)
        require(path == "/v1/metrics", path)
        require(headers["Content-Type"] == "application/json", headers)
        require(len(resources) in (2, 3), f"{len(resources)} resources")
        resource = of_pid(resources, running.pid)
        attributes = resource["attributes"]
        check_names(resource["metrics"], OF_PROCESS, MAYBE_OF_PROCESS)
        require(attributes["service.name"] == "states.js", attributes)
        require(attributes["process.runtime.name"] == "nodejs", attributes)
        require(attributes["process.runtime.version"] == sys.argv[1], attributes)
        require(attributes["host.name"] == socket.gethostname(), attributes)
        require(value(resource, "nodemem.external", nodemem_isolate="main") == own["external"], "external")
        require(value(resource, "nodemem.array_buffers") == own["arrayBuffers"], "arrayBuffers")
        require(value(resource, "nodemem.v8.heap.limit") == own["heapSizeLimit"], "limit")
        for space, sizes in own["spaces"].items():
            found = value(resource, "v8js.memory.heap.space.size", v8js_heap_space_name=space)
            require(found == sizes["size"], f"{space}: {found}, not {sizes['size']}")
            found = value(resource, "v8js.memory.heap.used", v8js_heap_space_name=space)
            require(abs(found - sizes["used"]) <= metrics.RESIDUE, f"{space}: {found}, not {sizes['used']}")
            found = value(resource, "v8js.memory.heap.space.available_size", v8js_heap_space_name=space)
            require(abs(found - sizes["available"]) <= metrics.RESIDUE, f"{space}: {found} left, not {sizes}")
        rest = {}
        for one in resources:
            if "process.pid" not in one["attributes"]:
                require(one["attributes"]["service.name"] == "nodemem", one["attributes"])
                rest.update(one["metrics"])
        check_names(rest, OF_NONE, MAYBE_OF_NONE)


def forecasts():
    """A leak is sent with its forecast."""
    with Target(metrics.NODE, HERE / "targets" / "leak.js", flags=["--max-old-space-size=200"]) as running, \
            Receiver() as receiver, Server("--otlp", receiver.url, "--otlp-interval", "500ms", running.pid):
        end = time.monotonic() + 90
        while time.monotonic() < end:
            resource = of_pid(receiver.take_with(running.pid)[2], running.pid)
            check_names(resource["metrics"], OF_PROCESS, MAYBE_OF_PROCESS)
            if "nodemem.forecast.time" in resource["metrics"]:
                break
        attributes = {"nodemem_limit_name": "heapSizeLimit", "nodemem_limit_scope": "main"}
        eta = value(resource, "nodemem.forecast.time", **attributes)
        require(value(resource, "nodemem.forecast.time.low", **attributes) <= eta, "at the earliest")
        require(value(resource, "nodemem.growth", **attributes) > 0, "growth")


def variables():
    """The variables of OpenTelemetry are heeded."""
    with metrics.resting() as running, Receiver() as receiver:
        common = {"OTEL_METRIC_EXPORT_INTERVAL": "200"}
        with Server(running.pid, environment={
                **common, "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url + "/base/", "OTEL_SERVICE_NAME": "shop",
                "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b%3D1, x-tenant = t ",
                "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test,team=a%2Cb,service.name=other"}):
            path, headers, resources = receiver.take_with(running.pid)
            require(path == "/base/v1/metrics", path)
            require((headers["api-key"], headers["x-tenant"]) == ("a b=1", "t"), headers)
            attributes = of_pid(resources, running.pid)["attributes"]
            wanted = {"service.name": "shop", "deployment.environment.name": "test", "team": "a,b"}
            require(wanted.items() <= attributes.items(), attributes)
        with Server(running.pid, environment={
                **common, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
                "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": receiver.url + "/exactly",
                "OTEL_RESOURCE_ATTRIBUTES": "service.name=other"}):
            while (request := receiver.take())[0] != "/exactly":
                pass
            require(read(request[2]), "a document")
        # An option goes before the variables, and nothing is sent where they say so.
        with Server("--otlp", receiver.url + "/option", running.pid, environment={
                **common, "OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url}):
            while receiver.take()[0] != "/option/v1/metrics":
                pass
        while not receiver.requests.empty():
            receiver.take()
        for off in ({"OTEL_SDK_DISABLED": "true"}, {"OTEL_METRICS_EXPORTER": "none"}):
            with Server(running.pid, environment={**common, **off, "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url}) \
                    as server:
                begun = time.monotonic()
                while time.monotonic() - begun < 1:
                    server.metrics()
        require(receiver.requests.empty(), "something was sent")


def refusals():
    """What is refused is told of once, tried again more slowly, and told of once more when it is over."""
    statuses = iter([503, 503, 429, 400, 400, 200, 200])
    with metrics.resting() as running, Receiver(lambda: (next(statuses, 200), {"Retry-After": "1"}, b"no")) as receiver:
        with Server("--otlp", receiver.url, "--otlp-interval", "100ms", running.pid) as server:
            said = [server.process.stderr.readline() for _ in range(2)]
            times = [receiver.take()[3] for _ in range(5)]
            server.process.terminate()
            rest = server.process.stderr.read()
        require(said == [f"nodemem: cannot send metrics to {receiver.url}/v1/metrics: it answers with the status 503\n",
                         f"nodemem: {receiver.url}/v1/metrics takes metrics again\n"], said)
        require(not rest, rest)
        require(times[1] - times[0] > 0.9 and times[4] - times[3] < 0.9, times)


def nobody_there():
    """Where nobody listens, or never answers, the server goes on, and ends when it is told to."""
    with metrics.resting() as running, socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        with Server("--otlp", f"http://user:secret@127.0.0.1:{port}", "--otlp-interval", "100ms", running.pid) as server:
            connection, _ = deaf.accept()
            require(server.ask("/metrics")[0] == 200, "it goes on")
            begun = time.monotonic()
            server.process.terminate()
            server.process.wait(timeout=30)
            require(time.monotonic() - begun < 5, "its end waits for an answer")
            require("secret" not in server.process.stderr.read(), "the password is told")
            connection.close()
        deaf.close()
        with Server("--otlp", f"http://user:secret@127.0.0.1:{port}", "--otlp-interval", "100ms", running.pid) as server:
            said = server.process.stderr.readline()
            require(f"cannot send metrics to http://127.0.0.1:{port}/v1/metrics: " in said and "secret" not in said, said)


def wrong_settings():
    """Settings that make no sense are wrong usage, and are named."""
    for words, environment, name in [
            (["--otlp", "nonsense://x"], {}, "--otlp"), (["--otlp", "http://"], {}, "--otlp"),
            (["--otlp-interval", "0"], {}, "--otlp-interval"),
            ([], {"OTEL_EXPORTER_OTLP_ENDPOINT": "ftp://x"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
            (["--otlp", "http://x"], {"OTEL_EXPORTER_OTLP_HEADERS": "no"}, "OTEL_EXPORTER_OTLP_HEADERS"),
            (["--otlp", "http://x"], {"OTEL_EXPORTER_OTLP_HEADERS": "a=b%0D%0AX: y"}, "OTEL_EXPORTER_OTLP_HEADERS"),
            (["--otlp", "http://x"], {"OTEL_EXPORTER_OTLP_METRICS_TIMEOUT": "soon"}, "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT"),
            (["--otlp", "http://x"], {"OTEL_METRIC_EXPORT_INTERVAL": "-1"}, "OTEL_METRIC_EXPORT_INTERVAL"),
            (["--otlp", "http://x"], {"OTEL_RESOURCE_ATTRIBUTES": "=x"}, "OTEL_RESOURCE_ATTRIBUTES")]:
        done = subprocess.run([releases.nodemem(), "serve", "--listen", "127.0.0.1:0", *words], capture_output=True,
                              text=True, check=False, timeout=30, env=environment)
        require(done.returncode == 2 and name in done.stderr, f"{words} {environment}: {done.returncode} {done.stderr}")


if __name__ == "__main__":
    metrics.NODE = node_or_none(sys.argv[1])
    sys.exit(run_tests([every_name, forecasts, variables, refusals, nobody_there, wrong_settings]))
