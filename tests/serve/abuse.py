#!/usr/bin/env python3
"""Clients that mean no good: each gets the right status, nobody else notices, and no memory is kept.

    abuse.py VERSION
"""

import json
import os
import pathlib
import re
import socket
import sys
import tempfile
import threading
import time

from common import HERE, Server, Target, node_or_none, require, run_tests, wait_for

NODE = None
TOKEN = "0123456789abcdef0123456789abcdef"
CONNECTIONS, REQUESTS = 50, 200
GROWTH_MAX = 4 << 20
# src/cmd/serve/web.h and stream.h
TIME_S, CONNECTIONS_MAX, LISTENERS_MAX = 30, 128, 32
HEAD = b"Host: localhost\r\nConnection: close\r\n"


def connect(server):
    """A raw connection."""
    return socket.create_connection(("127.0.0.1", server.port), timeout=60)


def say(server, raw):
    """(status, text of the answer) of bytes that are no proper request; status 0: cut off."""
    with connect(server) as connection:
        try:
            connection.sendall(raw)
            answer = b""
            while part := connection.recv(1 << 16):
                answer += part
        except (ConnectionResetError, BrokenPipeError):
            pass
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    return int(found[1]) if found else 0, answer.decode("latin-1")


def read_answer(stream):
    """The status of one answer on a connection that stays open."""
    status, length = int(stream.readline().split()[1]), 0
    while line := stream.readline().strip():
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    require(len(stream.read(length)) == length, "the answer is cut")
    return status


def many_requests(server, failures):
    """On one connection."""
    try:
        with connect(server) as connection, connection.makefile("rb") as stream:
            for _ in range(REQUESTS):
                connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
                require(read_answer(stream) == 200, "not answered")
    except Exception as error:  # told by the test, in its own thread
        failures.append(error)


def load(server):
    """10,000 requests on 50 connections."""
    failures = []
    threads = [threading.Thread(target=many_requests, args=(server, failures)) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    require(not failures, failures[:3])


def heap_of(server, pid):
    """What the server tells of the heap of a process that moves."""
    return server.metrics()["nodejs_heap_size_used_bytes"].get(pid=str(pid), isolate="main")


def descriptors(server):
    """How many the server has open."""
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def crowds():
    """10,000 requests from 50 connections are answered, the numbers go on moving, and no memory is kept."""
    with Target(NODE, HERE / "targets" / "leak.js") as running, Server(running.pid) as server:
        wait_for("the process", lambda: "nodejs_version_info" in server.metrics())
        load(server)
        rss, before = server.rss(), heap_of(server, running.pid)
        for _ in range(3):
            load(server)
        require(server.rss() - rss < GROWTH_MAX, f"rss went from {rss} to {server.rss()}")
        wait_for("other numbers", lambda: heap_of(server, running.pid) != before)


STATUSES = [
    ("no Host", b"GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
    ("no Host, in 1.0", b"GET /metrics HTTP/1.0\r\n\r\n", 400),
    ("two Hosts", b"GET /metrics HTTP/1.1\r\n" + HEAD + b"Host: evil.example\r\n\r\n", 400),
    ("a foreign Host", b"GET /metrics HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 421),
    ("a Host that only begins well",
     b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\nConnection: close\r\n\r\n", 421),
    ("an allowed Host", b"GET /metrics HTTP/1.1\r\nHost: allowed.example:1\r\nConnection: close\r\n\r\n", 200),
    ("a foreign Origin", b"GET /metrics HTTP/1.1\r\n" + HEAD + b"Origin: http://evil.example\r\n\r\n", 403),
    ("an Origin of no site", b"GET /metrics HTTP/1.1\r\n" + HEAD + b"Origin: null\r\n\r\n", 403),
    ("our own Origin", b"GET /metrics HTTP/1.1\r\n" + HEAD + b"Origin: http://localhost\r\n\r\n", 200),
    ("DELETE", b"DELETE /metrics HTTP/1.1\r\n" + HEAD + b"\r\n", 405),
    ("POST", b"POST /metrics HTTP/1.1\r\n" + HEAD + b"Content-Length: 5\r\n\r\nhello", 405),
    ("no method that there is", b"FOO /metrics HTTP/1.1\r\n" + HEAD + b"\r\n", 405),
    ("OPTIONS", b"OPTIONS /metrics HTTP/1.1\r\n" + HEAD + b"Origin: http://localhost\r\n\r\n", 405),
    ("TRACE", b"TRACE /metrics HTTP/1.1\r\n" + HEAD + b"\r\n", 405),
    ("HEAD", b"HEAD /metrics HTTP/1.1\r\n" + HEAD + b"\r\n", 200),
    ("no page", b"GET /nothing HTTP/1.1\r\n" + HEAD + b"\r\n", 404),
    ("..", b"GET /../../etc/passwd HTTP/1.1\r\n" + HEAD + b"\r\n", 404),
    (".. in disguise", b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + HEAD + b"\r\n", 404),
    ("back from ..", b"GET /x/../metrics HTTP/1.1\r\n" + HEAD + b"\r\n", 404),
    ("two slashes", b"GET //metrics HTTP/1.1\r\n" + HEAD + b"\r\n", 404),
    ("a proxy's request", b"GET http://evil.example/metrics HTTP/1.1\r\n" + HEAD + b"\r\n", 404),
    ("a long path", b"GET /" + b"a" * 2000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n", 404),
    ("a huge path", b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n", 414),
    ("a huge header", b"GET /metrics HTTP/1.1\r\n" + HEAD + b"X: " + b"a" * 100000 + b"\r\n\r\n", 431),
    ("many headers", b"GET /metrics HTTP/1.1\r\n" + HEAD + b"X: y\r\n" * 20000 + b"\r\n", 431),
    ("a length that is none", b"GET /metrics HTTP/1.1\r\n" + HEAD + b"Content-Length: -1\r\n\r\n", 400),
    ("a huge body", b"POST /metrics HTTP/1.1\r\n" + HEAD + b"Content-Length: 200000\r\n\r\n" + b"a" * 200000, 0),
]


def statuses():
    """Each wrong request gets its status, and no word of CORS."""
    with Target(NODE, HERE / "targets" / "leak.js") as running, \
            Server("--allow-host", "other.example,allowed.example", running.pid) as server:
        for name, raw, wanted in STATUSES:
            status, text = say(server, raw)
            # A server that stops reading may reset the connection before its answer is read.
            require(status == wanted or status == 0 and wanted in (414, 431), f"{name}: {status}, not {wanted}")
            require("access-control" not in text.lower(), f"{name}: {text}")
            require(status != 405 or "\r\nAllow: GET, HEAD\r\n" in text, f"{name}: {text}")
        status, text = say(server, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n\r\n")
        require(status in (0, 400), f"TLS: {status}")
        require(server.ask("/metrics")[0] == 200, "it still answers")
        headers = server.ask("/metrics")[1]
        policy = headers["Content-Security-Policy"]
        require("default-src 'none'" in policy and "unsafe" not in policy, policy)
        require((headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store"), headers)


def tokens():
    """Without the token there is nothing but health, however it is left out."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "token")
        file.touch(mode=0o600)
        file.write_text(TOKEN, encoding="utf-8")
        with Server("--token-file", file, os.getpid(), listen="0.0.0.0:0") as server:
            server.host = "127.0.0.1"
            for value in [None, "", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}",
                          TOKEN, f"Bearer {'a' * 5000}"]:
                status, headers, text = server.ask("/metrics", headers={"Authorization": value} if value else {})
                require(status == 401 and headers["WWW-Authenticate"].startswith("Bearer"), f"{value}: {status}")
                require("nodejs" not in text, text)
            for cookie in ("", "nodemem-session=", "nodemem-session=" + "0" * 64):
                require(server.ask("/metrics", headers={"Cookie": cookie})[0] == 401, cookie)
            require(server.ask("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})[0] == 200, "the token")
            require(server.ask("/healthz")[0] == 200, "health")


def drip(connections):
    """A byte on each, as a client that is meant to be slow; those that are still open."""
    left = []
    for connection in connections:
        try:
            connection.send(b"a")
            left.append(connection)
        except OSError:
            connection.close()
    return left


def slow_clients():
    """Slow clients are cut off, whatever they go on sending, and keep nobody waiting."""
    with Target(NODE, HERE / "targets" / "leak.js") as running, Server(running.pid) as server:
        wait_for("the process", lambda: "nodejs_version_info" in server.metrics())
        before = descriptors(server)
        slow = [connect(server) for _ in range(80)]
        for i, connection in enumerate(slow):
            connection.sendall([b"GET /met", b"GET /metrics HTTP/1.1\r\nHost: local",
                                b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n"][i % 3])
        # These take no answer.
        deaf = [connect(server) for _ in range(20)]
        for connection in deaf:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50)
        begun, longest, seen = time.monotonic(), 0, set()
        while slow and time.monotonic() - begun < TIME_S + 15:
            slow = drip(slow)
            asked = time.monotonic()
            seen.add(heap_of(server, running.pid))
            longest = max(longest, time.monotonic() - asked)
            time.sleep(0.5)
        took = time.monotonic() - begun
        require(not slow, f"{len(slow)} slow clients are still there after {took:.0f} s")
        require(longest < 1, f"others waited {longest:.1f} s")
        require(len(seen) > took / 2, f"only {len(seen)} numbers in {took:.0f} s")
        wait_for("the end of the deaf", lambda: descriptors(server) <= before + 1)
        for connection in deaf:
            connection.close()


def listeners():
    """Only so many pages are told at a time, those that do not read keep nothing, and there is room again after them."""
    with Target(NODE, HERE / "targets" / "leak.js") as running, Server(running.pid) as server:
        wait_for("the process", lambda: "nodejs_version_info" in server.metrics())
        crowd = [connect(server) for _ in range(LISTENERS_MAX + 8)]
        heads = []
        for connection in crowd:
            connection.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            heads.append(connection.recv(12))
        require(heads == [b"HTTP/1.1 200"] * LISTENERS_MAX + [b"HTTP/1.1 503"] * 8, heads)
        rss = server.rss()
        with crowd[0].makefile("rb") as stream:
            told = []
            while len(told) < 5:
                line = stream.readline()
                require(line, "the stream has ended")
                told += [line] if line.startswith(b"data: ") else []
        documents = [json.loads(line[6:]) for line in told]
        require(all(one["schema"] == "nodemem/live/1" for one in documents), documents[0])
        times = [one["timeMs"] for one in documents]
        require(times == sorted(set(times)), times)
        require(server.rss() - rss < GROWTH_MAX, f"rss went from {rss} to {server.rss()}")
        for connection in crowd:
            connection.close()
        wait_for("room", lambda: is_told(server))


def is_told(server):
    """Is there room for one more?"""
    with connect(server) as connection:
        connection.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return connection.recv(12) == b"HTTP/1.1 200"


def too_many():
    """Of more connections than are allowed the last ones wait until there is room."""
    with Server(os.getpid()) as server:
        rss = server.rss()
        crowd = [connect(server) for _ in range(CONNECTIONS_MAX + 50)]
        wait_for("the crowd", lambda: descriptors(server) >= CONNECTIONS_MAX)
        require(descriptors(server) < CONNECTIONS_MAX + 40, descriptors(server))
        for connection in crowd[:60]:
            connection.close()
        require(server.ask("/metrics")[0] == 200, "there is room again")
        for connection in crowd[60:]:
            connection.close()
        require(server.rss() - rss < 2 * GROWTH_MAX, f"rss went from {rss} to {server.rss()}")


if __name__ == "__main__":
    NODE = node_or_none(sys.argv[1])
    sys.exit(run_tests([crowds, statuses, tokens, listeners, too_many, slow_clients]))
