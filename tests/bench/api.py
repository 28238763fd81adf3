"""The API for programs beside the query: `tests/bench/run api [--pools 1000]`. Whole lists, one pool, one history; the cached query of the
same agent is the measure. Prints rates, sizes and the loop's lag; asserts nothing.
"""

import argparse
import pathlib
import shutil
import tempfile

import lab
from figures import loop_lag, resident


def main(load, arguments):
    parser = argparse.ArgumentParser(prog="tests/bench/run api", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pools", type=int, nargs="*", default=[1000])
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement (5)")
    options = parser.parse_args(arguments)
    for count in options.pools:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="sfb-bench-"))
        try:
            load.write_exports(folder, count)
            load.write_config(folder, count)
            with lab.Agent(folder) as agent:
                load.ready(agent, count)
                print(f"\n{count} pools, resident {resident(agent.process.pid):.0f} MiB\n  {'page':46} {'requests/s':>10} {'bytes':>10}")
                pool = load.pool_name(0)
                for path in (f"/api/v1/Get-CsBackupServiceStatus?PoolFqdn={pool}&max_age=3000&as=json", f"/api/v1/pools/{pool}",
                             f"/api/v1/history?PoolFqdn={pool}", f"/api/v1/pools?pool={pool}", "/api/v1/pools", "/api/v1/pairs"):
                    size = len(agent.request(path).body)
                    rate = load.wrk(f"http://{agent.address}{path}", options.seconds)
                    print(f"  {path[:46]:46} {rate:10.1f} {size:10}", flush=True)
                print(f"  loop lag {loop_lag(agent)}, resident {resident(agent.process.pid):.0f} MiB")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
