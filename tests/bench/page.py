"""The status page beside the query, and what open pages cost: `tests/bench/run page [--pools 1000] [--streams 64]`.

First the pages are asked with wrk, and opened in Chromium (three times; tests/browser/build installs what that needs). So is `/` when each pool has a
module that fails, and when no pool answers. Then the agent is scraped every half second while one pool changes every two seconds: alone, beside browsers that wait for events, and beside such that also fetch the whole
page at each event, as the page does. Prints tables; asserts nothing.
"""

import argparse
import asyncio
import collections
import multiprocessing
import pathlib
import shutil
import statistics
import tempfile
import time

import browser
import lab
from figures import cpu_seconds, highest, lag_buckets, lag_within, resident

PAUSE = 0.5  # seconds between two scrapes
EVERY = 4  # scrapes between two changes of a pool
KINDS = {"alone": (False, False), "waiting for events": (True, False), "fetching at each event": (True, True)}


async def get(address, target, *headers):
    """(status, body) of one request on a connection of its own."""
    host, port = address.rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write("\r\n".join([f"GET {target} HTTP/1.1", f"Host: {address}", "Connection: close", *headers, "", ""]).encode())
        answer = await reader.read(-1)
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), body


async def wait_for_events(address, fetches, found):
    """As a browser with the page open: each answer carries one event, and the next request names it."""
    seen = ""
    while True:
        status, body = await get(address, "/events", f"Last-Event-ID: {seen}", "Accept: text/event-stream")
        if status != 200:
            found["refused"] += 1
            await asyncio.sleep(1)
            continue
        seen = next((line[4:].decode() for line in body.splitlines() if line.startswith(b"id: ")), seen)
        if b"\ndata: " in body:
            found["events"] += 1
            if fetches:
                status, _ = await get(address, "/", "Accept-Encoding: gzip")
                found["pages" if status == 200 else "pages refused"] += 1


def browsers(address, count, fetches, ending, answer):
    """Those browsers, in a process of their own, until `ending` is set."""
    async def run():
        found = collections.Counter()
        tasks = [asyncio.create_task(wait_for_events(address, fetches, found)) for _ in range(count)]
        while not ending.is_set():
            await asyncio.sleep(0.1)
        broken = [task for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        answer.put((dict(found), len(broken)))
    asyncio.run(run())


def rates(load, agent, count, seconds):
    pool = load.pool_name(0)
    paths = (f"/api/v1/Get-CsBackupServiceStatus?PoolFqdn={pool}&max_age=3000&as=json", f"/api/v1/pools/{pool}", "/api/v1/pools", f"/pools/{pool}", "/")
    look_at(load, agent, paths, count, seconds)


def worse(load, folder, agent, count, seconds):
    for number in range(count):
        load.drop(folder, number, "ErrorState")
    lab.wait_for(lambda: list(agent.by_pool("sfb_backup_service_working").values()) == [0] * count, "all pools not to work", 120)
    print("  a module of each pool fails:")
    look_at(load, agent, ["/"], count, seconds)
    for export in (folder / "exports").glob("*.clixml"):
        export.write_text("<", encoding="utf-8")
    lab.wait_for(lambda: list(agent.by_pool("sfb_backup_up").values()) == [0] * count, "no pool to answer", 180)
    print("  and no pool answers:")
    look_at(load, agent, ["/"], count, seconds)


def look_at(load, agent, paths, count, seconds):
    print(f"  {'page':46} {'requests/s':>10} {'bytes':>10}")
    for path in paths:
        size = len(agent.request(path).body)
        print(f"  {path[:46]:46} {load.wrk(f'http://{agent.address}{path}', seconds):10.1f} {size:10}", flush=True)
    if not (browser.FOLDER / "node_modules").is_dir():
        print("  Chromium: not tried, tests/browser/build did not run")
        return
    for _ in range(3):
        said = browser.look("page.cjs", {"address": f"http://{agent.address}", "pairs": count // 2}, quiet=True)
        print("".join(f"  Chromium: {line[2:]}\n" for line in said.splitlines() if line.startswith("# ")), end="", flush=True)


def measure(load, folder, agent, options, opened, fetches):
    """A line of the second table."""
    ending, answer = multiprocessing.Event(), multiprocessing.Queue()
    child = multiprocessing.Process(target=browsers, args=(agent.address, options.streams, fetches, ending, answer))
    if opened:
        child.start()
        time.sleep(2)
    pid, times = agent.process.pid, []
    load.scrape_once(agent)
    before, cpu, start = lag_buckets(agent.metrics()), cpu_seconds(pid), time.monotonic()
    for number in range(options.scrapes):
        if number % EVERY == 0:
            load.drop(folder, 0, "NonSteadyState" if number // EVERY % 2 else "SteadyState")
        time.sleep(PAUSE)
        times.append(load.scrape_once(agent))
    share, memory = 100 * (cpu_seconds(pid) - cpu) / (time.monotonic() - start), resident(pid)
    lag = {bound: number - before[bound] for bound, number in lag_buckets(agent.metrics()).items()}
    told = ""
    if opened:
        ending.set()
        found, broken = answer.get(timeout=60)
        child.join()
        told = ", ".join(f"{number} {what}" for what, number in sorted(found.items())) + (f", {broken} broke off" if broken else "")
    return (f"{statistics.median(times):7.1f} {max(times):7.1f} {lag_within(lag, 0.99):>9} {lag_within(lag, 1):>9} {share:7.1f} "
            f"{memory:8.0f} {highest(pid):8.0f}  {told}")


def main(load, arguments):
    parser = argparse.ArgumentParser(prog="tests/bench/run page", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pools", type=int, default=1000)
    parser.add_argument("--streams", type=int, default=64, help="browsers that wait for events (64; the agent takes no more)")
    parser.add_argument("--scrapes", type=int, default=60, help="of each line of the second table (60)")
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement with wrk (5)")
    options = parser.parse_args(arguments)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sfb-bench-"))
    try:
        load.write_exports(folder, options.pools)
        load.write_config(folder, options.pools)
        for part, (opened, fetches) in {"pages": (None, None), **KINDS}.items():
            # Each has an agent of its own: memory that was used once stays.
            with lab.Agent(folder) as agent:
                load.ready(agent, options.pools)
                if part == "pages":
                    print(f"{options.pools} pools")
                    rates(load, agent, options.pools, options.seconds)
                    worse(load, folder, agent, options.pools, options.seconds)
                    load.write_exports(folder, options.pools)
                    print(f"\n  {'':24} {'scrape, ms':>15} {'loop lag within, s':>19} {'CPU %':>7} {'resident, MiB':>17}\n"
                          f"  {options.streams:>3} {'browsers':20} {'median':>7} {'worst':>7} {'99 %':>9} {'all':>9} {'':7} {'now':>8} {'highest':>8}  they got")
                else:
                    print(f"  {part:24} {measure(load, folder, agent, options, opened, fetches)}", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
