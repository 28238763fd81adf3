"""Two builds of the agent in one run: `tests/bench/run compare OLD`, where OLD is the build folder of the older one.

The rounds alternate between the two, so that both see the same machine; the figures are medians. Ratios are new : old. Asserts nothing.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import tempfile
import time
import types

import lab
import wire
from figures import cpu_seconds, resident


def files(load, folder, count, seconds):
    """Scrapes, queries and a rebuild of `count` pools: {figure: (value, more is better)}."""
    with lab.Agent(folder) as agent:
        load.ready(agent, count)
        found = {
            "scrapes/s, gzip": (load.wrk(f"http://{agent.address}/metrics", seconds, "Accept-Encoding: gzip"), True),
            "scrapes/s, identity": (load.wrk(f"http://{agent.address}/metrics", seconds), True),
        }
        query = f"http://{agent.address}/api/v1/Get-CsBackupServiceStatus?PoolFqdn={load.pool_name(0)}&max_age=3000"
        found["cached queries/s"] = (load.wrk(query, seconds), True)
        found["resident, MiB"] = (resident(agent.process.pid), False)
        before, rebuilds = cpu_seconds(agent.process.pid), 10
        for _ in range(rebuilds):
            time.sleep(1.05)  # a page older than a second is rebuilt
            agent.request("/metrics", {"Accept-Encoding": "gzip"})
        found["one rebuild, CPU ms"] = (1000 * (cpu_seconds(agent.process.pid) - before) / rebuilds, False)
    return found


def evaluations(seconds):
    options = types.SimpleNamespace(rate=100, seconds=seconds)
    listeners = [{"name": "http-full", "users": wire.USERS, "server": {**wire.ROOMY, "language": "full"}}]
    scenario = {"listeners": listeners, "pools": {wire.pool_name(n): {} for n in range(options.rate)}}
    with wire.Folder() as folder, lab.Simulator(folder.folder, scenario) as simulator:
        cost = {mode: wire.ours(folder, simulator, wire.to_site(folder, simulator, "http", "full", mode, options), mode, options, "compare").cpu for mode in ("warm", "cold")}
    return {f"one evaluation, winrm {mode}, CPU ms": (cpu, False) for mode, cpu in cost.items()}


def show(title, rounds):
    print(f"\n{title}\n  {'':34} {'old':>10} {'new':>10} {'new : old':>10}")
    for figure, (_, more_is_better) in rounds["new"][0].items():
        old, new = (statistics.median(found[figure][0] for found in rounds[side]) for side in ("old", "new"))
        print(f"  {figure:34} {old:10,.2f} {new:10,.2f} {new / old:10.3f}  ({'more' if more_is_better else 'less'} is better)", flush=True)


def main(load, arguments):
    parser = argparse.ArgumentParser(prog="tests/bench/run compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=pathlib.Path, help="build folder of the older agent")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--pools", type=int, nargs="*", default=[100, 1000])
    options = parser.parse_args(arguments)
    binaries = {"old": options.old / "agent" / "app" / "sfb_backup_exporter", "new": lab.AGENT}
    for binary in binaries.values():
        if not os.access(binary, os.X_OK):
            parser.error(f"there is no agent at {binary}")

    def alternate(measure):
        rounds = {side: [] for side in binaries}
        for number in range(options.rounds):
            for side in sorted(binaries, reverse=bool(number % 2)):
                lab.AGENT = binaries[side]
                rounds[side].append(measure())
        return rounds

    for count in options.pools:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="sfb-bench-"))
        try:
            load.write_exports(folder, count)
            load.write_config(folder, count)
            show(f"{count} pools, medians of {options.rounds}", alternate(lambda c=count, f=folder: files(load, f, c, options.seconds)))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    show(f"transport winrm, medians of {options.rounds}", alternate(lambda: evaluations(options.seconds)))
