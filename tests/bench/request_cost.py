#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What recording costs a request of nginx, redis and PostgreSQL, in processor time of the server: alone, recorded without and with the evidence
for hardening. The servers run in containers of the tests' engine for the whole time; each round has all conditions, in another order. As root:

  SYSCARVE_BINARY=build/release/bin/syscarve SYSCARVE_WORKLOADS=build/release/workloads SYSCARVE_IMAGES=build/release/images \
    tests/bench/request_cost.py [ROUNDS] [REQUESTS]

What counts are the ratios. Time of the server's own work that nobody asked for is in them, and the more so the fewer the requests.
"""

import contextlib
import functools
import glob
import os
import signal
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))

import clients  # noqa: E402
import engine  # noqa: E402
import services  # noqa: E402
from support import wait_until  # noqa: E402

CONDITIONS = {"alone": None, "recorded": ["--no-hardening"], "with evidence": ["--hardening"]}


def requests_of(name, connect, stack):
    """Requests by what they are: a function each."""
    if name == "web":
        connection = clients.HttpConnection(connect)

        def get(path, closing=False):
            connection.request("GET", path, headers={"Connection": "close"} if closing else {})
            assert connection.getresponse().read()
        return {"a page": lambda: get("/"), "a page, a connection each": lambda: get("/", True), "500 kB": lambda: get("/large.txt")}
    if name == "cache":
        connection = stack.enter_context(connect())
        ask = functools.partial(clients.ask_redis, connection, connection.makefile("rb"))
        ask("SET", "key", "value")
        return {"GET": lambda: ask("GET", "key"), "SET": lambda: ask("SET", "key", "value")}
    database = stack.enter_context(clients.Postgres(connect))
    database.ask("CREATE TABLE one(id integer PRIMARY KEY, text text)")
    database.ask("INSERT INTO one SELECT i, md5(i::text) FROM generate_series(1, 1000) AS i")

    def session():
        with clients.Postgres(connect) as another:
            another.ask("SELECT 1")
    return {"SELECT": lambda: database.ask("SELECT text FROM one WHERE id = 7"), "UPDATE": lambda: database.ask("UPDATE one SET text = 'x' WHERE id = 7"),
            "a session": session}


def processor_time(container):
    """Nanoseconds that everything in it has had, what has ended included."""
    for mount in engine.cgroup_mounts():
        for path in glob.glob(f"{mount}/docker/{container.id}/cpuacct.usage"):
            with open(path, encoding="ascii") as file:
                return int(file.read())
        for path in glob.glob(f"{mount}/docker/{container.id}/cpu.stat"):
            with open(path, encoding="ascii") as file:
                found = dict(line.split() for line in file)
                if "usage_usec" in found:
                    return int(found["usage_usec"]) * 1000
    raise SystemExit("no cgroup of the container tells its processor time")


@contextlib.contextmanager
def recorded(server, name, options):
    if options is None:
        yield
        return
    with tempfile.TemporaryDirectory() as folder, open(f"{folder}/said", "w+", encoding="utf-8") as said:
        recorder = subprocess.Popen([os.environ["SYSCARVE_BINARY"], "record", "--docker", "--engine-socket", server.socket, "--running", "--name", name,
                                     "-o", f"{folder}/out", *options], stderr=said)
        wait_until(lambda: recorder.poll() is not None or "recording" in open(said.name, encoding="utf-8").read(), "the recorder is armed")
        yield
        recorder.send_signal(signal.SIGINT)
        # 4: it began after the container did.
        if recorder.wait() not in (0, 4):
            raise SystemExit(open(said.name, encoding="utf-8").read())


def measure(server, service, rounds, requests):
    container = service.create(server, name=f"cost-{service.name}").start()
    try:
        connect = functools.partial(container.connect, service.port)
        wait_until(lambda: service.ready(connect), f"{service.name} is ready")
        with contextlib.ExitStack() as stack:
            for what, request in requests_of(service.name, connect, stack).items():
                count = requests // 10 if what in ("500 kB", "a session", "a page, a connection each") else requests
                costs = {condition: [] for condition in CONDITIONS}
                for number in range(rounds):
                    order = list(CONDITIONS)
                    for condition in order[number % len(order):] + order[:number % len(order)]:
                        with recorded(server, f"cost-{service.name}", CONDITIONS[condition]):
                            for _ in range(max(20, count // 10)):
                                request()
                            before = processor_time(container)
                            for _ in range(count):
                                request()
                            costs[condition].append((processor_time(container) - before) / count)
                middle = {condition: statistics.median(times) for condition, times in costs.items()}
                # Of each round, which a busy machine slows as a whole.
                evidence = statistics.median(b / a for a, b in zip(costs["recorded"], costs["with evidence"]))
                recording = statistics.median(b / a for a, b in zip(costs["alone"], costs["recorded"]))
                print(f"| {service.name}: {what} | " + " | ".join(f"{middle[condition] / 1000:.1f}" for condition in CONDITIONS) +
                      f" | {recording:.3f} | {evidence:.3f} |", flush=True)
    finally:
        container.remove()


def main():
    rounds, requests = (int(word) for word in (sys.argv[1:] + ["9", "3000"][len(sys.argv) - 1:])[:2])
    server = engine.Engine.start()
    try:
        server.image(services.IMAGE)
        print("| request | alone, µs | recorded, µs | with evidence, µs | recorded ÷ alone | with evidence ÷ recorded |\n| --- | --- | --- | --- | --- | --- |")
        for service in services.ALL:
            measure(server, service(), rounds, requests)
    finally:
        server.end()


if __name__ == "__main__":
    main()
