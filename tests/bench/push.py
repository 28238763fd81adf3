"""A flood of pushes beside a scrape: pushers that may, one pool each, as fast as they can; and strangers, who may not.

usage: tests/bench/run push [--seconds N] [--pools N] [--pushers N] [--strangers N] [--modules N]
Each pushes over a connection of its own, an export of --modules modules. What goes beyond a push a second and pool is answered
429. Asserts nothing.
"""

import argparse
import collections
import contextlib
import http.client
import json
import pathlib
import statistics
import tempfile
import threading
import time

import lab
from figures import cpu_seconds, loop_lag, resident

TOKEN = "bench-token-0123456789"
PAUSE = 0.25  # seconds between two scrapes


def connection_to(agent):
    host, port = agent.address.rsplit(":", 1)
    return contextlib.closing(http.client.HTTPConnection(host, int(port), timeout=60))


def push(agent, pools, token, modules, stop, outcomes):
    states = {name: ("FinalState", "NormalState") for name in modules}
    while not stop.is_set():
        with contextlib.suppress(OSError, http.client.HTTPException), connection_to(agent) as connection:
            for pool in pools:
                body = lab.wrapper(pool, lab.status_object(modules, states)).encode()
                start = time.perf_counter()
                connection.request("PUT", f"/api/v1/exports/{pool}", body, {"Authorization": f"Bearer {token}"})
                answer = connection.getresponse()
                answer.read()
                outcomes[answer.status].append(1000 * (time.perf_counter() - start))
                if stop.is_set():
                    return


def measure(agent, options, pools):
    stop, outcomes = threading.Event(), collections.defaultdict(list)
    modules = [f"Module.Number{number}" for number in range(options.modules)]
    work = [(pools[i::options.pushers], TOKEN) for i in range(options.pushers)] + [(pools[:1], "s" * 20)] * options.strangers
    threads = [threading.Thread(target=push, args=(agent, *each, modules, stop, outcomes)) for each in work]
    for thread in threads:
        thread.start()
    scrapes, before, begin = [], cpu_seconds(agent.process.pid), time.monotonic()
    while time.monotonic() < begin + options.seconds:
        start = time.perf_counter()
        agent.request("/metrics", {"Accept-Encoding": "gzip"})
        scrapes.append(1000 * (time.perf_counter() - start))
        time.sleep(PAUSE)
    took, used = time.monotonic() - begin, cpu_seconds(agent.process.pid) - before
    stop.set()
    for thread in threads:
        thread.join()
    print(f"{options.pushers} pushers over {len(pools)} pools, {options.strangers} strangers, {options.modules} modules: {used / took:.2f} cores, "
          f"resident {resident(agent.process.pid):.0f} MiB")
    for status, times in sorted(outcomes.items()):
        print(f"  {status}: {len(times) / took:8.1f} a second, median {statistics.median(times):6.1f} ms, worst {max(times):7.1f} ms")
    print(f"  scrape: median {statistics.median(scrapes):.1f} ms, worst {max(scrapes):.1f} ms; loop lag {loop_lag(agent)}")


def main(arguments):
    parser = argparse.ArgumentParser(prog="tests/bench/run push", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--pools", type=int, default=100)
    parser.add_argument("--pushers", type=int, default=16)
    parser.add_argument("--strangers", type=int, default=16)
    parser.add_argument("--modules", type=int, default=6)
    options = parser.parse_args(arguments)
    pools = [f"pool-{number:04d}.litwareinc.com" for number in range(options.pools)]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "push.token").write_text(TOKEN + "\n", encoding="utf-8")
        (folder / "push.token").chmod(0o600)
        (folder / "agent.yml").write_text(json.dumps({
            "endpoints": {"inbox": {"transport": "push", "from": {"tokens": ["bench"]}}},
            "pools": [{"fqdn": pool, "endpoint": "inbox", "paired_pool": pools[number ^ 1] if number ^ 1 < len(pools) else "x.litwareinc.com", "site": "bench"}
                      for number, pool in enumerate(pools)],
            "authorization": {"allow_anonymous": "loopback", "tokens": [{"name": "bench", "token_file": str(folder / "push.token")}]}}), encoding="utf-8")
        with lab.Agent(folder, f"--storage.path={folder}/state") as agent:
            measure(agent, options, pools)
