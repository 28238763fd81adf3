"""The benchmark of transport ssh beside winrm: what an evaluation costs the agent, with the same simulated server behind both, and with
Microsoft's engine where the lab is built; what an idle child takes.

usage: tests/bench/run process [--seconds N] [--rate N]
Prints figures and ratios. Fails only when an evaluation fails that should not.
"""

import argparse
import collections
import json
import pathlib
import signal
import time

import figures
import lab
import wire

ENGINE = lab.ROOT / "build" / "lab" / "sfb_lab"
RELAY = pathlib.Path(__file__).with_name("relay.py")
problems = wire.problems


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


Cost = collections.namedtuple("Cost", "runs cpu child wall held")


def configure(folder, endpoint, count, interval):
    """agent.yml with one endpoint and so many pools."""
    pools = {wire.pool_name(n): "site" for n in range(count)}
    settings = {"evaluation_interval": interval, "evaluation_timeout": "10s"}
    if "url" in endpoint:
        folder.configure_winrm({"site": endpoint}, pools, settings=settings)
        return
    pairs = [{"fqdn": wire.pool_name(n), "endpoint": "site", "paired_pool": wire.pool_name(n ^ 1), "site": "bench"} for n in range(count)]
    (folder.folder / "agent.yml").write_text(json.dumps({
        "global": settings, "endpoints": {"site": {"transport": "ssh", **endpoint}}, "pools": pairs,
        "authorization": {"allow_anonymous": "loopback"}}), encoding="utf-8")


def measure(folder, name, endpoint, options):
    """The agent at one evaluation a pool and second, less the same agent when it has nothing to do."""
    configure(folder, endpoint, 10 * options.rate, "10s")
    with lab.Agent(folder.folder) as agent:
        lab.wait_for(agent.ready, "ready", 120)
        time.sleep(13)
        pid = agent.process.pid
        of_children = lambda: sum(figures.cpu_seconds(child) for child in children(pid))
        page, cpu, child, start = agent.metrics(), figures.cpu_seconds(pid), of_children(), time.monotonic()
        time.sleep(options.seconds)
        later, cpu, child, took = agent.metrics(), figures.cpu_seconds(pid) - cpu, of_children() - child, time.monotonic() - start
        wire.check(name, agent, later)
        configure(folder, endpoint, 10 * options.rate, "10000h")
        agent.signal(signal.SIGHUP)
        lab.wait_for(lambda: "configuration reloaded" in agent.log(), "the reload")
        time.sleep(2)
        idle, since = figures.cpu_seconds(pid), time.monotonic()
        time.sleep(5)
        idle = (figures.cpu_seconds(pid) - idle) / (time.monotonic() - since)
        held = [figures.resident(one) for one in children(pid)]
    series = "sfb_backup_evaluation_duration_seconds_"
    runs, total = (figures.number(later, series + kind) - figures.number(page, series + kind) for kind in ("count", "sum"))
    kept = held and endpoint["session"]["reuse"]  # children that come and go take their CPU along
    return Cost(runs, 1000 * (cpu - idle * took) / runs, 1000 * child / runs if kept else None, 1000 * total / runs, held)


def round_trips(folder, program, reuse):
    """What passes between agent and child for one evaluation: a long run less a short one, so that opening counts where it is repeated."""
    sums = []
    for seconds in (12, 32):
        out = folder.folder / f"relay-{seconds}-{reuse}.json"
        configure(folder, {"program": [str(RELAY), str(out), *program], "session": {"reuse": reuse}}, 20, "10s")
        with lab.Agent(folder.folder) as agent:
            lab.wait_for(agent.ready, "ready", 60)
            time.sleep(seconds)
            done = figures.number(agent.metrics(), "sfb_backup_evaluation_duration_seconds_count")
        lines = [json.loads(line) for line in out.read_text().splitlines()]
        sums.append((done, *(sum(line[key] for line in lines) for key in ("up", "up_bytes", "down_bytes"))))
    (few, *less), (many, *more) = sums
    return [(b - a) / (many - few) for a, b in zip(less, more)]


def main(arguments):
    parser = argparse.ArgumentParser(prog="tests/bench/run process", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15, help="of each measurement (15)")
    parser.add_argument("--rate", type=int, default=20, help="evaluations a second (20)")
    options = parser.parse_args(arguments)
    print(f"One evaluation, {options.rate} a second, one session; CPU of the agent alone, its idle CPU subtracted ({wire.busy()})")
    with wire.Folder() as folder:
        scenario = {"listeners": [{"name": "http", **wire.BASE}, {"name": "https", **wire.BASE, "tls": wire.SECURE}],
                    "certificate": {"make": "pki"}, "pools": {wire.pool_name(n): {} for n in range(10 * options.rate)}}
        found = {}
        with lab.Simulator(folder.folder, scenario) as simulator:
            program = [str(lab.SIMULATOR), str(simulator.path), "--stdio", "--listener", "http"]
            everything = folder.folder / "lab.json"
            everything.write_text(json.dumps({"pools": {"*": [{"do": "status"}]}}), encoding="utf-8")
            kinds = {}
            for mode, session in (("warm", {"reuse": True, **wire.KEPT}), ("cold", {"reuse": False})):
                kinds[f"ssh, simulator, {mode}"] = {"program": program, "session": session}
                kinds[f"winrm, http, {mode}"] = {"url": simulator.url("http"), "session": session}
                kinds[f"winrm, https, {mode}"] = {"url": simulator.url("https"), "session": session, **wire.TRUST}
            if ENGINE.exists():
                kinds["ssh, Microsoft's engine, warm"] = {
                    "program": [str(ENGINE), "-s", "-NoLogo", "-NoProfile", "-Scenario", str(everything)],
                    "session": {"reuse": True, **wire.KEPT}}
            else:
                print("  (the engine lab is not built: tests/lab/powershell/build)")
            for name, endpoint in kinds.items():
                cost = found[name] = measure(folder, name, endpoint, options)
                print(f"  {name:30} {cost.runs:6.0f} runs, agent {cost.cpu:6.3f} ms CPU, {cost.wall:8.2f} ms wall"
                      f"{'' if cost.child is None else f', child {cost.child:6.3f} ms CPU'}"
                      f"{'' if not cost.held else f', idle child {sum(cost.held) / len(cost.held):6.1f} MiB'}", flush=True)
            for mode, reuse in (("warm", True), ("cold", False)):
                lines, up, down = round_trips(folder, program, reuse)
                print(f"  ssh, {mode}: {lines:5.2f} round trips, {up:8,.0f} bytes up, {down:8,.0f} down")
        print("  ratio ssh : winrm over HTTPS, CPU of the agent:", ", ".join(
            f"{mode} {found[f'ssh, simulator, {mode}'].cpu / found[f'winrm, https, {mode}'].cpu:.2f}" for mode in ("warm", "cold")))
    for problem in problems:
        print(f"FAILED: {problem}")
    return 1 if problems else 0
