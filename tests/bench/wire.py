"""The benchmark of transport winrm against the simulator (tests/simulator): what an evaluation costs on the wire and in CPU, beside
python3-winrm in the same run; 1,000 pools on 50 endpoints, with and without dead endpoints; memory of an idle session.

usage: tests/bench/run wire [--only cost scale memory] [--seconds N] [--minutes N] ...
Needs python3-winrm (deploy/packages bench) and agent and simulator of the bench preset; as root, a dead DNS server too (unshare).
Prints figures and ratios. Fails only when an evaluation fails that should not, or the simulator sees a rule broken.
"""

import argparse
import collections
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import dead_test
import figures
import lab

try:
    import winrm
except ImportError:
    winrm = None

USERS = {"svc-sfbmon": "hunter2"}
SECURE = {"certificate": "pki/server.pem", "key": "pki/server.key"}
TRUST = {"tls": {"ca_file": "pki/ca.pem"}}
ROOMY = {"max_shells": 100000, "max_commands": 10000000}  # the quotas of a real server are not what is measured
BASE = {"users": USERS, "server": ROOMY}
KEPT = {"max_pipelines": 1000000}
DEAD_NAME = "fe-dead.litwareinc.com"
problems = []


class Folder:
    """A temporary folder with what tests/e2e configures an agent with."""

    configure_winrm, write_secret = lab.LabTest.configure_winrm, lab.LabTest.write_secret

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sfb-wire-"))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)


def busy():
    return "load " + " ".join(pathlib.Path("/proc/loadavg").read_text().split()[:3])


def pool_name(number):
    return f"pool-{number + 1:04d}.example.com"  # as the simulator's `generate` names them


def settings(interval, timeout, **more):
    return {"evaluation_interval": interval, "evaluation_timeout": timeout, "max_concurrent_evaluations": 4096, **more}


def check(what, agent, page, allowed=()):
    """Notes failures that should not be."""
    bad = {pool: count for pool, count in figures.failures(page).items() if pool not in allowed}
    if bad:
        lines = [line for line in agent.log().splitlines() if any(pool in line for pool in list(bad)[:2]) and "reason" in line]
        problems.append(f"{what}: {sum(bad.values())} evaluations of {len(bad)} pools failed that should not")
        print("\n".join([f"FAILED: {problems[-1]}", *lines[:4]]), flush=True)


# 1 and 2: one evaluation ---------------------------------------------------------------------------------------------------------

Cost = collections.namedtuple("Cost", "runs trips up down connections cpu wall")


def counted(before, after, runs, cpu, wall):
    each = lambda key: (after[key] - before[key]) / runs
    return Cost(runs, each("http_requests"), each("bytes_in"), each("bytes_out"), each("connections_made"), 1000 * cpu / runs, wall)


def show_cost(name, cost):
    print(f"  {name:46} {cost.runs:6d} {cost.trips:6.2f} {cost.up:8,.0f} {cost.down:8,.0f} {cost.connections:6.2f} {cost.cpu:8.3f} {cost.wall:8.2f}", flush=True)


def ours(folder, simulator, configure, mode, options, what, environment=None, interval="1s"):
    """The agent's costs at one evaluation a pool and interval, less those of the same agent when it has nothing to do. `configure` writes
    its configuration for an interval. `warm`: the session is kept; `cold`: one each; `anew` behind it: the server ends the connection
    with each evaluation, as it does with idle ones."""
    warm = mode.startswith("warm")
    simulator.set_faults([{"action": "Signal" if warm else "Delete", "do": "answer_and_close"}] if mode.endswith("anew") else [])
    configure(interval)
    runs = lambda status: sum(status["runs_by_pool"].values())
    with lab.Agent(folder.folder, environment=environment) as agent:
        lab.wait_for(agent.ready, "ready", 60)
        time.sleep(2)
        page = agent.metrics()
        before, cpu, start = simulator.status(), figures.cpu_seconds(agent.process.pid), time.monotonic()
        time.sleep(options.seconds)
        after, cpu, took = simulator.status(), figures.cpu_seconds(agent.process.pid) - cpu, time.monotonic() - start
        later = agent.metrics()
        check(f"{what}, {mode}", agent, later)
        configure("10000h")
        agent.signal(signal.SIGHUP)
        lab.wait_for(lambda: "configuration reloaded" in agent.log(), "the reload")
        time.sleep(2)
        still, idle, start = runs(simulator.status()), figures.cpu_seconds(agent.process.pid), time.monotonic()
        time.sleep(max(5, options.seconds / 3))
        idle = (figures.cpu_seconds(agent.process.pid) - idle) / (time.monotonic() - start)
        if runs(simulator.status()) != still:
            print("  (the idle agent was not idle)")
    series = "sfb_backup_evaluation_duration_seconds_"
    count, total = (figures.number(later, series + kind) - figures.number(page, series + kind) for kind in ("count", "sum"))
    return counted(before, after, runs(after) - runs(before), cpu - idle * took, 1000 * total / count)


def kept(mode):
    """The keys of an endpoint whose sessions are as the mode says."""
    return {"max_concurrent": 10, "session": {"reuse": True, **KEPT} if mode.startswith("warm") else {"reuse": False}}


def to_site(folder, simulator, scheme, language, mode, options):
    """Writes the agent's configuration for an interval: all pools on one listener, with Basic."""
    site = {"url": simulator.url(f"{scheme}-{language}"), "language": language, **kept(mode), **(TRUST if scheme == "https" else {})}
    pools = {pool_name(n): "site" for n in range(options.rate)}
    return lambda interval: folder.configure_winrm({"site": site}, pools, settings=settings(interval, "1s"))


def peer(simulator, mode, options, url, **arguments):
    """python3-winrm in this process; modes as the agent's."""
    warm = mode.startswith("warm")
    simulator.set_faults([{"action": "Signal" if warm else "Delete", "do": "answer_and_close"}] if mode.endswith("anew") else [])
    connect = lambda: winrm.Protocol(url, **arguments)

    def run(protocol, shell):
        command = protocol.run_command(shell, "hostname")
        out, _, code = protocol.get_command_output(shell, command)
        protocol.cleanup_command(shell, command)
        if code != 0 or b"simulated" not in out:
            problems.append(f"python3-winrm got {code} and {out[:50]}")

    def once():
        opened = shell or protocol.open_shell()
        run(protocol, opened)
        if not shell:
            protocol.close_shell(opened)

    protocol, shell = connect(), None
    protocol.transport.build_session()
    if warm:
        shell = protocol.open_shell()
    once()
    before, cpu, start = simulator.status(), time.process_time(), time.monotonic()
    for _ in range(options.peer_runs):
        once()
    cpu, took = time.process_time() - cpu, time.monotonic() - start
    after = simulator.status()
    if shell:
        protocol.close_shell(shell)
    protocol.transport.session.close()
    return counted(before, after, options.peer_runs, cpu, 1000 * took / options.peer_runs)


def cost(options):
    if winrm is None:
        print("\n(python3-winrm is missing, so its rows are left out: deploy/packages bench)")
    print(f"\nOne evaluation (HTTP bytes, before TLS; CPU of the client alone; the agent's idle CPU is subtracted; {busy()})")
    print(f"  {'':46} {'runs':>6} {'trips':>6} {'bytes up':>8} {'down':>8} {'conns':>6} {'CPU ms':>8} {'wall ms':>8}")
    listeners = [{"name": f"{scheme}-{language}", "users": USERS, "server": {**ROOMY, "language": language},
                  **({"tls": SECURE} if scheme == "https" else {})} for scheme in ("http", "https") for language in ("full", "none")]
    scenario = {"certificate": {"make": "pki"}, "listeners": listeners, "pools": {pool_name(n): {} for n in range(options.rate)}}
    agent_costs, peer_costs = {}, {}
    with Folder() as folder:
        with lab.Simulator(folder.folder, scenario) as simulator:
            for scheme in ("http", "https"):
                for mode, language in (("cold, anew", "full"), ("warm, anew", "full"), ("cold", "full"), ("warm", "full"), ("cold", "none"), ("warm", "none")):
                    configure = to_site(folder, simulator, scheme, language, mode, options)
                    found = agent_costs[scheme, mode, language] = ours(folder, simulator, configure, mode, options, f"{scheme}, {language}")
                    show_cost(f"agent, {scheme}, {mode}, by {'script' if language == 'full' else 'command'}", found)
        # A simulator of its own: the rules that the peer breaks are not ours.
        with contextlib.ExitStack() as stack:
            simulator = lab.Simulator(folder.folder, scenario, name="peer")
            simulator.__enter__()
            stack.callback(lab.stop, simulator.process)
            for scheme in ("http", "https") if winrm else ():
                for mode in ("cold, anew", "warm, anew", "cold", "warm"):
                    arguments = {"transport": "ssl", "ca_trust_path": str(folder.folder / "pki" / "ca.pem")} if scheme == "https" else {"transport": "basic"}
                    found = peer_costs[scheme, mode] = peer(simulator, mode, options, simulator.url(f"{scheme}-full"), username="svc-sfbmon",
                                                            password=USERS["svc-sfbmon"], **arguments)
                    show_cost(f"python3-winrm, {scheme}, {mode}", found)
            if simulator.status()["violations"]:
                print(f"  (the simulator saw {simulator.status()['violations']} violations of python3-winrm)")
    print("  ratios python3-winrm : agent              trips     bytes        CPU")
    for (scheme, mode, language), mine in agent_costs.items() if winrm else ():
        other = peer_costs[scheme, mode]
        print(f"  {scheme}, {mode}, by {'script' if language == 'full' else 'command'}".ljust(40),
              f"{other.trips / mine.trips:6.2f} {(other.up + other.down) / (mine.up + mine.down):9.2f} {other.cpu / mine.cpu:10.1f}", flush=True)


# 3: many pools, and dead endpoints beside them -----------------------------------------------------------------------------------

def dead_name_server(stack, folder):
    """None without the right to."""
    try:
        return dead_test.silent_dns(stack, folder)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"  (no dead DNS server: {error}; run as root)")
        return None


def scale_side(stack, options, trouble):
    """A simulator and an agent of their own; the troubled endpoints of the second are no listeners."""
    folder = stack.enter_context(Folder())
    with_pki = {"certificate": {"make": "pki"}} if options.scheme == "https" else {}
    like = {**BASE, "tls": SECURE} if options.scheme == "https" else BASE
    scenario = {**with_pki, "generate": {"pools": options.pools, "listeners": options.endpoints, "like": like}}
    simulator = stack.enter_context(lab.Simulator(folder.folder, scenario))
    urls = {f"listener-{i + 1}": simulator.url(f"listener-{i + 1}") for i in range(options.endpoints)}
    dns, dead = None, {}
    if trouble:
        dead["black hole"] = f"listener-{options.endpoints}"
        urls[dead["black hole"]] = dead_test.black_hole(stack)
        dns = dead_name_server(stack, folder.folder)
        if dns:
            dead["dead DNS"] = f"listener-{options.endpoints - 1}"
            urls[dead["dead DNS"]] = f"http://{DEAD_NAME}:5985/wsman"
    pools = {pool_name(n): f"listener-{n % options.endpoints + 1}" for n in range(options.pools)}
    folder.configure_winrm({name: {"url": url, **(TRUST if url.startswith("https") else {})} for name, url in urls.items()}, pools,
                           settings=settings(options.interval, options.timeout, max_concurrent_evaluations=1024))
    agent = lab.Agent(folder.folder)
    if dns:
        agent.command = dead_test.with_dns(agent.command, dns)
    return stack.enter_context(agent), pools, dead


def scale(options):
    seconds = {"s": 1, "m": 60}[options.interval[-1]] * int(options.interval[:-1])
    print(f"\n{options.pools} pools on {options.endpoints} endpoints ({options.scheme}) each {options.interval}, "
          f"a scrape every {options.scrape} s, both sides at the same time ({busy()})", flush=True)
    with contextlib.ExitStack() as stack:
        sides = [scale_side(stack, options, trouble) for trouble in (False, True)]
        troubled = set(sides[1][2].values())
        healthy = {pool for pool, endpoint in sides[0][1].items() if endpoint not in troubled}
        # The first runs come at once, the second within one and a half intervals of them.
        time.sleep(1.5 * seconds + 12)
        watches = [figures.Watch(agent, healthy) for agent, _, _ in sides]
        end = time.monotonic() + 60 * options.minutes
        while time.monotonic() + options.scrape < end:
            time.sleep(options.scrape)
            for watch in watches:
                watch.page()
        time.sleep(max(0, end - time.monotonic()))
        results = [watch.result(seconds) for watch in watches]
        print(f"  {'counted for ' + str(options.minutes) + ' min':46} {'all well':>26} {'with ' + ' and '.join(sides[1][2]):>34}")
        for name in results[0]:
            print(f"  {name:46} {results[0][name]:>26} {results[1][name]:>34}")
        dead = set(sides[1][1]) - healthy
        page = watches[1].agent_page
        for name, endpoint in sides[1][2].items():
            here = [pool for pool in dead if sides[1][1][pool] == endpoint]
            lines = "\n".join(line for line in page.splitlines() if any(f'pool="{pool}"' in line for pool in here))
            reasons = figures.label_values(lines, "sfb_backup_evaluation_failures_total", "reason")
            overruns = sum(figures.label_values(lines, "sfb_backup_evaluation_overruns_total", "pool").values())
            took = max(figures.label_values(lines, "sfb_backup_last_evaluation_duration_seconds", "pool").values(), default=0)
            print(f"  {name}: failures {({reason: int(count) for reason, count in reasons.items() if count})}, overruns {overruns:.0f} of {len(here)} pools, "
                  f"the longest of their last evaluations took {took:.1f} s")
            if not any(reasons.values()):
                problems.append(f"{name}: no evaluation failed, so there was no trouble")
        check("scale, all well", sides[0][0], watches[0].agent_page)
        check("scale, with trouble", sides[1][0], page, allowed=dead)
        print(f"  ({busy()})", flush=True)


# 4: memory -----------------------------------------------------------------------------------------------------------------------

@contextlib.contextmanager
def trusting(bundle):
    """The agent's system certificates are those of the bundle."""
    before = os.environ.get("SSL_CERT_FILE")
    os.environ["SSL_CERT_FILE"] = str(bundle)
    try:
        yield
    finally:
        os.environ.pop("SSL_CERT_FILE")
        if before is not None:
            os.environ["SSL_CERT_FILE"] = before


def sessions(options, scheme, endpoints, each=1, trust="own"):
    """Idle sessions with their connections, and MiB, of an agent that asked all pools once over up to `each` sessions an endpoint."""
    count, tls = endpoints * each, scheme == "https"
    # Answers so slow that all sessions are needed at once.
    pool = {"slow": "15s"} if each > 10 else {"slow": "1s"} if each > 1 else {}
    with Folder() as folder, contextlib.ExitStack() as stack:
        scenario = {"certificate": {"make": "pki"}, "pools": {pool_name(n): pool for n in range(options.sessions)},
                    "listeners": [{"name": "site", **BASE, **({"tls": SECURE} if tls else {})}]}
        simulator = stack.enter_context(lab.Simulator(folder.folder, scenario))
        keys = {"url": simulator.url("site"), "session": KEPT, "max_concurrent": each, **(TRUST if tls and trust == "own" else {})}
        folder.configure_winrm({f"site-{n}": keys for n in range(endpoints)}, {pool_name(n): f"site-{n % endpoints}" for n in range(options.sessions)},
                               settings=settings("10m", "90s"))
        if trust == "system":
            bundle = folder.folder / "bundle.pem"
            bundle.write_bytes(pathlib.Path("/etc/ssl/certs/ca-certificates.crt").read_bytes() + (folder.folder / "pki/ca.pem").read_bytes())
            stack.enter_context(trusting(bundle))
        agent = stack.enter_context(lab.Agent(folder.folder))
        lab.wait_for(lambda: sum(simulator.status()["runs_by_pool"].values()) >= options.sessions, "every pool's first evaluation", 200)
        lab.wait_for(lambda: simulator.status()["commands"] == 0, "the last answer", 30)
        time.sleep(0.5)
        status, found = simulator.status(), figures.resident(agent.process.pid)
        held = status["shells"]
        # The first evaluation of an endpoint goes alone, and the next takes its session.
        if status["connections"] != held or not count - endpoints <= held <= count:
            print(f"  (not {count} sessions but {held} shells and {status['connections']} connections)")
        check(f"memory, {scheme}, {count} sessions", agent, agent.metrics())
    return held, found


def memory(options):
    print(f"\nResident with {options.sessions} pools and idle sessions, before any scrape ({busy()})")
    many, few = options.sessions, min(10, options.sessions)
    for scheme, trust, what in (("http", "own", "HTTP"), ("https", "own", "HTTPS, ca_file with one certificate"),
                                ("https", "system", "HTTPS, the system's trust store")):
        for apart in (True, False):
            sides = [sessions(options, scheme, *((count, 1) if apart else (1, count)), trust) for count in (few, many)]
            (less, small), (more, large) = sides
            print(f"  {what:36} {'an endpoint each' if apart else 'on one endpoint, all busy once':31} {less:3}: {small:6.1f} MiB, {more:4}: {large:6.1f} MiB, "
                  f"so {(large - small) * 1048576 / max(more - less, 1):8,.0f} bytes a session{' with its endpoint' if apart else ''}", flush=True)


def main(arguments):
    parser = argparse.ArgumentParser(prog="tests/bench/run wire", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=["cost", "scale", "memory"], default=["cost", "scale", "memory"])
    parser.add_argument("--seconds", type=float, default=15, help="cost: of each measurement of the agent (15)")
    parser.add_argument("--rate", type=int, default=100, help="cost: the agent's evaluations a second (100)")
    parser.add_argument("--peer-runs", type=int, default=300, help="cost: runs of python3-winrm (300)")
    parser.add_argument("--minutes", type=float, default=4, help="scale: counted time (4)")
    parser.add_argument("--pools", type=int, default=1000, help="scale (1000)")
    parser.add_argument("--endpoints", type=int, default=50, help="scale (50)")
    parser.add_argument("--interval", default="2m", help="scale: evaluation_interval, such as 20s (2m)")
    parser.add_argument("--timeout", default="60s", help="scale: evaluation_timeout (60s)")
    parser.add_argument("--scheme", choices=["http", "https"], default="https", help="scale (https)")
    parser.add_argument("--scrape", type=float, default=15, help="scale: seconds from scrape to scrape (15)")
    parser.add_argument("--sessions", type=int, default=1000, help="memory (1000)")
    options = parser.parse_args(arguments)
    for part in options.only:
        {"cost": cost, "scale": scale, "memory": memory}[part](options)
    for problem in problems:
        print(f"FAILED: {problem}")
    return 1 if problems else 0
