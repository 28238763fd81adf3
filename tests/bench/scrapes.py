"""What a scrape costs by how many pools changed: `tests/bench/run scrapes [--old BUILD]`.

Per number of pools: the ready page under wrk (gzip and identity) in turn with nginx with the same bytes, each with one core for itself and one
for wrk, and for gzip once more with cores as the kernel gives them; then the Exposer of prometheus-cpp; then one gzip scrape behind 0, 1, 1 %,
10 % and all pools that were evaluated anew, each with its file changed, and no others; last, scrapes while pools change all the time. The old
build is measured right before the new one. Medians of --rounds; asserts nothing.
"""

import argparse
import http.client
import os
import pathlib
import shutil
import socket
import statistics
import tempfile
import threading
import time
import urllib.request

import lab
from figures import cpu_nanoseconds, on_cores, resident

def fetch(address, headers):
    request = urllib.request.Request(f"http://{address}/metrics", headers=dict(header.split(": ") for header in headers))
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


class Scraper:
    """Gzip scrapes over one connection into a buffer that is kept: Python's own client takes longer than the agent."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)))
        self.request = f"GET /metrics HTTP/1.1\r\nHost: {address}\r\nAccept-Encoding: gzip\r\n\r\n".encode()
        self.buffer = bytearray(64 << 20)

    def scrape(self):
        """Milliseconds."""
        start = time.perf_counter()
        self.socket.sendall(self.request)
        have, wanted = 0, None
        while wanted is None or have < wanted:
            count = self.socket.recv_into(memoryview(self.buffer)[have:])
            if count == 0:
                raise ConnectionError("the agent closed the connection")
            have += count
            if wanted is None and (end := self.buffer.find(b"\r\n\r\n", 0, have)) >= 0:
                head = bytes(self.buffer[:end]).lower().split(b"\r\n")
                wanted = end + 4 + next(int(line.split(b":")[1]) for line in head if line.startswith(b"content-length:"))
        return (time.perf_counter() - start) * 1000


class Bench:
    def __init__(self, load, binary, folder, count):
        self.load, self.binary, self.folder, self.count = load, binary, folder, count
        self.states = {}  # of the pools that were changed
        self.turn = 0

    def scrape(self, agent, scraper):
        """Milliseconds of a gzip scrape, and of CPU in the agent."""
        time.sleep(1.1)  # a page that is younger would not be made anew for its age
        before = cpu_nanoseconds(agent.process.pid)
        took = scraper.scrape()
        return took, (cpu_nanoseconds(agent.process.pid) - before) / 1e6

    def evaluate(self, agent, pools):
        """A file each that says something else, and a query that asks for it. The watch of the folder asks once more, within a second."""
        self.turn += 1
        connection = http.client.HTTPConnection(agent.address)
        step = max(1, self.count // pools)
        for place in range(0, pools * step, step):
            number = (place + self.turn) % self.count  # another one each time: what the watch asks for concerns no later turn
            state = self.states[number] = "NonSteadyState" if self.states.get(number) != "NonSteadyState" else "SteadyState"
            self.load.drop(self.folder, number, state)
            connection.request("GET", f"/api/v1/Get-CsBackupServiceStatus?as=json&max_age=0&PoolFqdn={self.load.pool_name(number)}")
            answer = connection.getresponse()
            if answer.read() and answer.status != 200:
                raise AssertionError(f"a query was answered with {answer.status}")
        connection.close()

    def changed(self, agent, scraper, pools):
        if pools:
            self.evaluate(agent, pools)
        return self.scrape(agent, scraper)

    def at_once(self, agent, scraper):
        """The others come a second after a change, when nothing is in the caches of the CPU any more."""
        self.evaluate(agent, 1)
        return scraper.scrape()

    def storm(self, agent, scraper, seconds):
        """Milliseconds of four scrapes a second while one pool after the other changes, as fast as they are asked for."""
        over = threading.Event()

        def change():
            while not over.is_set():
                self.evaluate(agent, self.count)

        changer = threading.Thread(target=change)
        changer.start()
        try:
            took = []
            for _ in range(4 * seconds):
                time.sleep(0.25)
                took.append(scraper.scrape())
        finally:
            over.set()
            changer.join()
        return sorted(took)

    def in_turn(self, servers, options, *headers):
        """{server: median scrapes/s} and {server: median microseconds of CPU a scrape}, for {server: (address, process)}."""
        rates, costs = ({server: [] for server in servers} for _ in range(2))
        for address, _ in servers.values():  # the first is slow
            self.load.wrk(f"http://{address}/metrics", 1, *headers)
        for turn in range(options.rounds):
            for server, (address, process) in list(servers.items())[::1 if turn % 2 else -1]:
                before = cpu_nanoseconds(process.pid)
                rate = self.load.wrk(f"http://{address}/metrics", options.seconds, *headers)
                rates[server].append(rate)
                costs[server].append((cpu_nanoseconds(process.pid) - before) / 1000 / (rate * options.seconds))
        return tuple({server: statistics.median(took) for server, took in each.items()} for each in (rates, costs))

    def ready(self, agent, page, packed, options):
        """The agent in turn with nginx, which serves the same bytes from files; then the Exposer, with the same series."""
        found = {}
        allowed = os.sched_getaffinity(0)
        first, last = min(allowed), max(allowed)
        with tempfile.TemporaryDirectory() as folder, self.load.Nginx(pathlib.Path(folder), page, packed) as nginx:
            servers = {"agent": (agent.address, agent.process), "nginx": (f"127.0.0.1:{nginx.port}", nginx.process)}
            for coding, headers, body in (("gzip", ["Accept-Encoding: gzip"], packed), ("identity", [], page)):
                size = abs(len(fetch(servers["agent"][0], headers)) - len(fetch(servers["nginx"][0], headers)))
                if size > len(body) // 100:
                    raise SystemExit(f"{coding}: the pages differ by {size} bytes")
            # The kernel puts the agent, which sleeps between requests, on the core of wrk for seconds. nginx needs more time and
            # sleeps less, so it stays where it is.
            for coding, apart in (("gzip", True), ("identity", True), ("gzip", False)):
                if apart and first == last:
                    continue
                try:
                    for _, process in servers.values():
                        on_cores(process.pid, {first} if apart else allowed)
                    on_cores(os.getpid(), {last} if apart else allowed)  # and so wrk
                    rates, costs = self.in_turn(servers, options, *(["Accept-Encoding: gzip"] if coding == "gzip" else []))
                finally:
                    on_cores(os.getpid(), allowed)
                what = f"ready, {coding}" + ("" if apart else ", any core")
                found[f"{what}, scrapes/s"], found[f"{what}, of nginx"] = rates["agent"], rates["agent"] / rates["nginx"]
                found[f"{what}, CPU us"], found[f"{what}, CPU of nginx"] = costs["agent"], costs["agent"] / costs["nginx"]
        with tempfile.TemporaryDirectory() as folder, self.load.Exposer(pathlib.Path(folder), page) as exposer:
            rate = self.load.wrk(f"http://127.0.0.1:{exposer.port}/metrics", max(options.seconds, 5), "Accept-Encoding: gzip")
            found["ready, gzip, of the Exposer"] = found["ready, gzip, any core, scrapes/s"] / max(rate, 0.01)
        return found

    def run(self, options):
        found = {}
        lab.AGENT = self.binary
        with lab.Agent(self.folder) as agent:
            self.load.ready(agent, self.count)
            packed = agent.request("/metrics", {"Accept-Encoding": "gzip"}).body
            page = agent.request("/metrics").body
            found.update(self.ready(agent, page, packed, options))
            found["gzip page, bytes"] = len(packed)
            scraper = Scraper(agent.address)
            scraper.scrape()
            for pools in dict.fromkeys((0, 1, self.count // 100, self.count // 10, self.count)):
                took = [self.changed(agent, scraper, pools) for _ in range(options.rounds)]
                found[f"{pools} changed, ms"] = statistics.median(wall for wall, _ in took)
                found[f"{pools} changed, worst ms"] = max(wall for wall, _ in took)
                found[f"{pools} changed, CPU ms"] = statistics.mean(cpu for _, cpu in took)
            found["1 changed, scraped at once, ms"] = statistics.median(self.at_once(agent, scraper) for _ in range(10 * options.rounds))
            took = self.storm(agent, scraper, 5 * options.seconds)
            found["all change, median ms"] = statistics.median(took)
            found["all change, 99 % within ms"] = took[int(0.99 * (len(took) - 1))]
            found["resident, KiB a pool"] = resident(agent.process.pid) * 1024 / self.count
        return found


def main(load, arguments):
    parser = argparse.ArgumentParser(prog="tests/bench/run scrapes", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--old", type=pathlib.Path, help="build folder of an older agent")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--pools", type=int, nargs="*", default=[100, 1000, 10000])
    options = parser.parse_args(arguments)
    binaries = {"new": lab.AGENT}
    if options.old:
        binaries = {"old": options.old / "agent" / "app" / "sfb_backup_exporter", **binaries}
    for binary in binaries.values():
        if not os.access(binary, os.X_OK):
            parser.error(f"there is no agent at {binary}")
    for count in options.pools:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="sfb-bench-"))
        try:
            load.write_exports(folder, count)
            load.write_config(folder, count, "24h", "0s")
            sides = {side: Bench(load, binary, folder, count).run(options) for side, binary in binaries.items()}
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        print(f"\n{count} pools\n  {'':32}" + "".join(f"{side:>12}" for side in sides))
        for figure in sides["new"]:
            print(f"  {figure:32}" + "".join(f"{found.get(figure, 0):12,.2f}" for found in sides.values()), flush=True)
