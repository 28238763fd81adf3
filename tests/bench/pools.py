"""What a pool takes of the agent's memory: `tests/bench/run pools [--old BUILD]`.

Agents with few and with many pools of transport `file`, with history and state (--storage.path). Every file is written anew before each
evaluation, as a task would; after each of the --evaluations shown the page is scraped as gzip, and resident memory is read. The bytes of a pool
are the difference of both agents by the difference of their pools. Then live and cached queries, one after the other: what they take until they
are answered. Asserts nothing.
"""

import argparse
import gzip
import os
import pathlib
import re
import shutil
import statistics
import tempfile
import time

import lab
from figures import resident

COUNT = "sfb_backup_evaluation_duration_seconds_count"
STATES = ("SteadyState", "FinalState")  # in turn, where the modules are to change


def evaluations(agent):
    time.sleep(1)  # scrapes that follow each other at once make pages all the time, and leave holes in the memory
    page = gzip.decompress(agent.request("/metrics", {"Accept-Encoding": "gzip"}).body)
    return int(re.search(rb"\n%s (\d+)" % COUNT.encode(), page).group(1))


def asked(agent, pool, **parameters):
    """Microseconds of a query."""
    start = time.perf_counter()
    answer = agent.query(pool, **parameters)
    took = 1e6 * (time.perf_counter() - start)
    if answer.status != 200:
        raise SystemExit(f"the query of {pool} was answered with {answer.status}: {answer.body}")
    return took


def queries(load, agent, count):
    """Medians. Each question is new to its pool: live, then the same once more from memory, then as JSON."""
    pools = [load.pool_name(number) for number in range(min(count, 1000))]
    live = [asked(agent, pool) for pool in pools]
    return {"live query, us": statistics.median(live),
            "cached query, us": statistics.median(asked(agent, pool, max_age=3000) for pool in pools),
            "cached query as JSON, us": statistics.median(asked(agent, pool, max_age=3000, **{"as": "json"}) for pool in pools)}


def run(load, binary, count, options):
    """{evaluations of each pool: MiB}, and the times of queries."""
    found = {}
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sfb-bench-"))
    lab.AGENT = binary
    try:
        load.write_exports(folder, count)
        load.write_config(folder, count, interval="1h")
        with lab.Agent(folder, f"--storage.path={folder}/state") as agent:
            for turn in range(1, max(options.evaluations) + 1):
                if turn > 1:
                    for number in range(count):
                        load.drop(folder, number, STATES[turn % 2] if options.changing else STATES[0])
                lab.wait_for(lambda t=turn: evaluations(agent) >= t * count, f"evaluation {turn} of {count} pools", 600)
                if turn in options.evaluations:
                    time.sleep(2)  # the state is written, the page is there
                    found[turn] = resident(agent.process.pid)
            time.sleep(10)  # min_live_interval
            return found, queries(load, agent, count)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(load, arguments):
    parser = argparse.ArgumentParser(prog="tests/bench/run pools", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--old", type=pathlib.Path, help="build folder of an older agent")
    parser.add_argument("--pools", type=int, nargs=2, default=[1000, 10000], help="few and many")
    parser.add_argument("--evaluations", type=int, nargs="*", default=[1, 2, 3], help="after which evaluations of each pool")
    parser.add_argument("--changing", action="store_true", help="a module of each pool has another state each time")
    options = parser.parse_args(arguments)
    few, many = options.pools
    binaries = {"new": lab.AGENT}
    if options.old:
        binaries = {"old": options.old / "agent" / "app" / "sfb_backup_exporter", **binaries}
    for side, binary in binaries.items():
        if not os.access(binary, os.X_OK):
            parser.error(f"there is no agent at {binary}")
        (small, _), (large, times) = (run(load, binary, count, options) for count in (few, many))
        for turn in sorted(small):
            print(f"{side}, {turn} evaluations of each: {few} pools {small[turn]:.1f} MiB, {many} pools {large[turn]:.1f} MiB, "
                  f"{(large[turn] - small[turn]) * 2**20 / (many - few):,.0f} bytes a pool", flush=True)
        print(f"{side}, {many} pools: " + ", ".join(f"{name} {took:,.0f}" for name, took in times.items()), flush=True)
