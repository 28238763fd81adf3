"""The benchmark of logons: what one evaluation costs with Basic, NTLM and Kerberos, beside python3-winrm in the same run; and 1,000 pools on 50
endpoints with Kerberos beside the same with Basic.

usage: tests/bench/run logon [--only cost scale] [--seconds N] [--minutes N] ...
Needs what deploy/packages bench installs: MIT's KDC, gss-ntlmssp, python3-winrm with python3-requests-kerberos; and agent and simulator of the
bench preset. Prints figures and ratios. Fails only when an evaluation fails that should not, the simulator sees a rule broken, or a warm
evaluation takes another number of round trips than three.
"""

import argparse
import contextlib
import hashlib
import os
import pathlib
import sys
import tempfile
import time
import warnings

# python3-winrm's NTLM has MD4 of OpenSSL, which is in a provider that must be named before OpenSSL is read.
if "SFB_BENCH_MD4" not in os.environ:
    with tempfile.NamedTemporaryFile("w", suffix=".cnf", delete=False) as conf:
        conf.write("openssl_conf = all\n[all]\nproviders = providers\n[providers]\ndefault = on\nlegacy = on\n[on]\nactivate = 1\n")
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "OPENSSL_CONF": conf.name, "SFB_BENCH_MD4": conf.name})
hashlib.new("md4")
os.environ.pop("OPENSSL_CONF")
pathlib.Path(os.environ["SFB_BENCH_MD4"]).unlink(missing_ok=True)

import figures  # noqa: E402
import kdc  # noqa: E402
import lab  # noqa: E402
import logon_lab  # noqa: E402
import wire  # noqa: E402

if wire.winrm:
    import requests

METHODS, SCHEMES, MODES = ("basic", "ntlm", "kerberos"), ("http", "https"), ("cold, anew", "warm, anew", "cold", "warm")


class Folder(wire.Folder):
    """With what tests/e2e configures logons with, and an environment in which nobody knows a realm."""

    configure_logons, credential = logon_lab.LogonTest.configure_logons, logon_lab.LogonTest.credential

    def __enter__(self):
        super().__enter__()
        self.environment = {"KRB5_CONFIG": str(self.folder / "no-krb5.conf"), "KRB5CCNAME": f"FILE:{self.folder}/no.ccache", "KRB5RCACHENAME": "none:"}
        return self


def listener(name, method, scheme, realm):
    how = {"basic": {"users": wire.USERS}, "ntlm": {"users": logon_lab.NTLM_USERS, "authenticate": ["Negotiate"]},
           "kerberos": {"keytab": str(realm.folder / "server.keytab"), "authenticate": ["Negotiate"]}}[method]
    sealed = {"encryption": "required"} if scheme == "http" and method != "basic" else {}
    return {**({"name": name} if name else {}), **wire.BASE, **how, **sealed, **({"tls": wire.SECURE} if scheme == "https" else {})}


@contextlib.contextmanager
def realm_in(folder):
    with kdc.Kdc(folder) as realm:
        realm.add(logon_lab.CLIENT, logon_lab.PASSWORD)
        realm.service("HTTP/localhost")
        yield realm


def peer_arguments(folder, realm, method, scheme):
    """Of python3-winrm; None where it cannot: Debian's python3-kerberos has no sealing."""
    trust = {"ca_trust_path": str(folder.folder / "pki" / "ca.pem")} if scheme == "https" else {}
    if method == "kerberos":
        return {"transport": "kerberos", "username": f"{logon_lab.CLIENT}@{realm.realm}", **trust} if scheme == "https" else None
    if method == "ntlm":
        return {"transport": "ntlm", "username": rf"{logon_lab.DOMAIN}\{logon_lab.CLIENT}", "password": logon_lab.PASSWORD, **trust}
    return {"transport": "ssl" if scheme == "https" else "basic", "username": logon_lab.CLIENT, "password": logon_lab.PASSWORD, **trust}


def cost(options):
    print(f"\nOne evaluation by method (trips: all HTTP requests, logons included; HTTP bytes, before TLS; CPU of the client alone; the agent's idle CPU is subtracted; {wire.busy()})")
    print(f"  {'':46} {'runs':>6} {'trips':>6} {'bytes up':>8} {'down':>8} {'conns':>6} {'CPU ms':>8} {'wall ms':>8}")
    ways = [(method, scheme) for scheme in SCHEMES for method in METHODS]
    pools = [wire.pool_name(n) for n in range(options.rate * options.every)]
    mine, theirs = {}, {}
    with Folder() as folder, realm_in(folder.folder) as realm:
        scenario = {"certificate": {"make": "pki", "names": ["localhost"]}, "pools": {pool: {} for pool in pools},
                    "listeners": [listener(f"{method}-{scheme}", method, scheme, realm) for method, scheme in ways]}
        with lab.Simulator(folder.folder, scenario, environment=folder.environment) as simulator:
            for method, scheme in ways:
                for mode in options.modes:
                    name, keys = f"{method}-{scheme}", {"language": "full", **wire.kept(mode)}
                    configure = lambda interval, n=name, m=method, k=keys: folder.configure_logons(
                        simulator, {n: (folder.credential(realm, m), k)}, settings=wire.settings(interval, f"{options.every}s"), pools=dict.fromkeys(pools, n))
                    mine[method, scheme, mode] = found = wire.ours(folder, simulator, configure, mode, options, name, folder.environment, f"{options.every}s")
                    wire.show_cost(f"agent, {method}, {scheme}, {mode}", found)
                    if mode == "warm" and abs(found.trips - 3) > 0.01:
                        wire.problems.append(f"{method}, {scheme}: {found.trips:.2f} round trips of a warm evaluation, not 3")
        if wire.winrm is None:
            print("\n(python3-winrm is missing, so its rows are left out: deploy/packages bench)")
            return
        # A simulator of its own: the rules that the peer breaks are not ours.
        with contextlib.ExitStack() as stack:
            warnings.simplefilter("ignore")
            simulator = lab.Simulator(folder.folder, scenario, name="peer", environment=folder.environment)
            simulator.__enter__()
            stack.callback(lab.stop, simulator.process)
            # Its ticket is there already, as the agent's is.
            os.environ.update(realm.environment(KRB5CCNAME=f"FILE:{realm.kinit(logon_lab.CLIENT, logon_lab.PASSWORD)}"))
            for method, scheme in ways:
                arguments = peer_arguments(folder, realm, method, scheme)
                for mode in options.modes if arguments else ():
                    url = simulator.url(f"{method}-{scheme}").replace("127.0.0.1", "localhost")
                    try:
                        found = wire.peer(simulator, mode, options, url, **arguments)
                    except (OSError, wire.winrm.exceptions.WinRMError, requests.RequestException) as error:
                        # Its sealing does not outlive the connection.
                        print(f"  python3-winrm, {method}, {scheme}, {mode}: fails ({type(error).__name__})", flush=True)
                        continue
                    theirs[method, scheme, mode] = found
                    wire.show_cost(f"python3-winrm, {method}, {scheme}, {mode}", found)
            if simulator.status()["violations"]:
                print(f"  (the simulator saw {simulator.status()['violations']} violations of python3-winrm)")
    print("  ratios                                    agent : its Basic         python3-winrm : agent")
    print("                                            trips       CPU           trips     bytes       CPU")
    for way, own in mine.items():
        plain, other = mine["basic", way[1], way[2]], theirs.get(way)
        beside = f"{other.trips / own.trips:9.2f} {(other.up + other.down) / (own.up + own.down):9.2f} {other.cpu / own.cpu:9.1f}" if other else ""
        print(f"  {', '.join(way):38} {own.trips / plain.trips:9.2f} {own.cpu / plain.cpu:9.2f}       {beside}", flush=True)


def side(stack, options, method):
    """A simulator and an agent of their own."""
    folder = stack.enter_context(Folder())
    realm = stack.enter_context(realm_in(folder.folder))
    scenario = {"generate": {"pools": options.pools, "listeners": options.endpoints, "like": listener(None, method, options.scheme, realm)},
                **({"certificate": {"make": "pki", "names": ["localhost"]}} if options.scheme == "https" else {})}
    simulator = stack.enter_context(lab.Simulator(folder.folder, scenario, environment=folder.environment))
    one = (folder.credential(realm, method), {})
    pools = {wire.pool_name(n): f"listener-{n % options.endpoints + 1}" for n in range(options.pools)}
    folder.configure_logons(simulator, {f"listener-{n + 1}": one for n in range(options.endpoints)}, pools=pools,
                            settings=wire.settings(options.interval, options.timeout, max_concurrent_evaluations=1024))
    return stack.enter_context(lab.Agent(folder.folder, environment=folder.environment)), set(pools), simulator


def scale(options):
    seconds = {"s": 1, "m": 60}[options.interval[-1]] * int(options.interval[:-1])
    print(f"\n{options.pools} pools on {options.endpoints} endpoints ({options.scheme}) each {options.interval}, "
          f"a scrape every {options.scrape} s, both sides at the same time ({wire.busy()})", flush=True)
    with contextlib.ExitStack() as stack:
        sides = {method: side(stack, options, method) for method in ("kerberos", "basic")}
        # The first runs come at once, the second within one and a half intervals of them.
        time.sleep(1.5 * seconds + 12)
        watches = {method: figures.Watch(agent, pools) for method, (agent, pools, _) in sides.items()}
        end = time.monotonic() + 60 * options.minutes
        while time.monotonic() + options.scrape < end:
            time.sleep(options.scrape)
            for watch in watches.values():
                watch.page()
        time.sleep(max(0, end - time.monotonic()))
        results = {method: watch.result(seconds) for method, watch in watches.items()}
        print(f"  {'counted for ' + str(options.minutes) + ' min':46} {'kerberos':>34} {'basic':>34}")
        for name in results["kerberos"]:
            print(f"  {name:46} {results['kerberos'][name]:>34} {results['basic'][name]:>34}")
        for method, (agent, _, simulator) in sides.items():
            status = simulator.status()
            print(f"  {method}: logons {status.get('logons_by_method')}, sealed requests {status.get('sealed_requests')} of {status['requests']}")
            wire.check(f"scale, {method}", agent, watches[method].agent_page)
        print(f"  ({wire.busy()})", flush=True)


def main(arguments):
    parser = argparse.ArgumentParser(prog="tests/bench/run logon", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=["cost", "scale"], default=["cost", "scale"])
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES, help="cost: all")
    parser.add_argument("--seconds", type=float, default=10, help="cost: of each measurement of the agent (10)")
    parser.add_argument("--rate", type=int, default=50, help="cost: the agent's evaluations a second (50)")
    parser.add_argument("--every", type=int, default=1, help="cost: seconds from one evaluation of a pool to the next, and its time-out; more on a busy machine (1)")
    parser.add_argument("--peer-runs", type=int, default=100, help="cost: runs of python3-winrm (100)")
    parser.add_argument("--minutes", type=float, default=4, help="scale: counted time (4)")
    parser.add_argument("--pools", type=int, default=1000, help="scale (1000)")
    parser.add_argument("--endpoints", type=int, default=50, help="scale (50)")
    parser.add_argument("--interval", default="2m", help="scale: evaluation_interval, such as 20s (2m)")
    parser.add_argument("--timeout", default="60s", help="scale: evaluation_timeout (60s)")
    parser.add_argument("--scheme", choices=SCHEMES, default="http", help="scale (http, where messages are sealed)")
    parser.add_argument("--scrape", type=float, default=15, help="scale: seconds from scrape to scrape (15)")
    options = parser.parse_args(arguments)
    if missing := kdc.missing():
        sys.exit(f"tests/bench/run logon: {', '.join(missing)} missing (deploy/packages bench)")
    for part in options.only:
        {"cost": cost, "scale": scale}[part](options)
    for problem in wire.problems:
        print(f"FAILED: {problem}")
    return 1 if wire.problems else 0
