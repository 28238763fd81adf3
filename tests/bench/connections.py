"""A scrape beside many other connections: idle ones, readers that do not read, queries whose callers are gone, half requests, strangers who ask
for `/`.

usage: tests/bench/run connections [--tls] [--old PROGRAM] [--only idle readers gone headers drip strangers hellos]
--old: the same with an older sfb_backup_exporter, in the same run. --tls: the agent speaks TLS 1.3, and so do all; `hellos` are
connections that send half of a handshake. Each scrape has a connection of its own and is given up after 10 s. Needs wrk, the agent and the simulator of the bench preset, and `ulimit -n` above the number of idle connections. Asserts nothing.
"""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import re
import resource
import select
import signal
import socket
import ssl
import statistics
import subprocess
import threading
import time

import lab
import pki
import wire
from figures import resident

PATIENCE = 10
POOL = wire.pool_name(0)
Found = collections.namedtuple("Found", "times failed resident kernel open")


TLS = None  # the context of all connections; None: they are plain


def connect(agent, target=None, plain=False):
    host, port = agent.address.rsplit(":", 1)
    with contextlib.suppress(OSError):
        sock = socket.create_connection((host, int(port)), PATIENCE)
        if TLS and not plain:
            sock = TLS.wrap_socket(sock)
        if target:
            sock.sendall(f"GET {target} HTTP/1.1\r\nHost: {agent.address}\r\n\r\n".encode())
        return sock
    return None


def scrape(agent, pause=0):
    """Milliseconds of a whole answer with 200, None without one. `pause`: seconds from the connection to its request."""
    start = time.perf_counter()
    try:
        with connect(agent) as sock:
            time.sleep(pause)
            sock.settimeout(PATIENCE)
            sock.sendall(f"GET /metrics HTTP/1.0\r\nHost: {agent.address}\r\nAccept-Encoding: gzip\r\n\r\n".encode())
            answer = b""
            while piece := sock.recv(1 << 20):
                answer += piece
    except (OSError, AttributeError, TypeError):
        return None
    return 1000 * (time.perf_counter() - start) if answer.startswith(b"HTTP/1.1 200 ") else None


def kernel_bytes():
    """MiB that all TCP sockets of this machine hold."""
    pages = int(re.search(r"(?m)^TCP: .* mem (\d+)", pathlib.Path("/proc/net/sockstat").read_text()).group(1))
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def measure(agent, crowd, before, scrapes, pause=0):
    """Scrapes, one every half second, so that pages are made anew among them."""
    times = []
    for _ in range(scrapes):
        times.append(scrape(agent, pause))
        time.sleep(0.5)
    good = [took for took in times if took is not None]
    # Also a connection that was reset or whose other end was closed says something here.
    ends = select.poll()
    for sock in filter(None, list(crowd)):
        ends.register(sock, select.POLLRDHUP)
    alive = sum(sock is not None for sock in crowd) - len(ends.poll(0))
    return Found(good, len(times) - len(good), resident(agent.process.pid), kernel_bytes() - before, alive)


def idle(agent, options, before):
    crowd = [connect(agent) for _ in range(options.idle)]
    return crowd, measure(agent, crowd, before, options.scrapes)


def readers(agent, options, before):
    crowd = [connect(agent, "/metrics") for _ in range(options.readers)]
    time.sleep(2)
    return crowd, measure(agent, crowd, before, options.scrapes)


def gone(agent, options, before):
    crowd = [connect(agent, f"/api/v1/Get-CsBackupServiceStatus?PoolFqdn={POOL}") for _ in range(options.queries)]
    time.sleep(1)
    for sock in filter(None, crowd):
        sock.close()
    return [], measure(agent, [], before, options.scrapes)


@contextlib.contextmanager
def half_requests(agent, options, drips):
    """More of them all the time, as many a second as `--rate` says."""
    crowd, stop = [], threading.Event()

    def begin():
        sock = connect(agent)
        if sock:
            with contextlib.suppress(OSError):
                sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: bench\r\nX: ")
            sock.setblocking(False)
        crowd.append(sock)

    def more():
        while not stop.wait(1 / options.rate):
            begin()

    def drip():
        while not stop.wait(0.03):
            for sock in filter(None, list(crowd)):
                with contextlib.suppress(OSError):
                    sock.send(b"a")

    for _ in range(options.halves):
        begin()
    threads = [threading.Thread(target=work) for work in (more, drip)[:1 + drips]]
    for thread in threads:
        thread.start()
    try:
        yield crowd
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def headers(agent, options, before):
    with half_requests(agent, options, False) as crowd:
        return crowd, measure(agent, crowd, before, options.scrapes, options.pause)


def drip(agent, options, before):
    with half_requests(agent, options, True) as crowd:
        return crowd, measure(agent, crowd, before, options.scrapes, options.pause)


def strangers(agent, options, before):
    """They ask for `/` as fast as they can. What a proxy passed on is nobody's: it gets the page that says who may see the pools."""
    url = f"http{'s' if TLS else ''}://{agent.address}/"
    with subprocess.Popen(["wrk", "-t1", f"-c{options.strangers}", "-d10m", "-H", "Via: bench", url], stdout=subprocess.PIPE, text=True) as flood:
        try:
            found = measure(agent, [], before, options.scrapes)
        finally:
            flood.send_signal(signal.SIGINT)  # it tells what it got
        print("    " + "; ".join(re.findall(r"Requests/sec: +[0-9.]+|Non-2xx.*|Socket errors.*", flood.communicate()[0])), flush=True)
    return [], found


def hellos(agent, options, before):
    """A record of a handshake of which the rest does not come."""
    crowd = []
    for _ in range(options.halves):
        sock = connect(agent, plain=True)
        with contextlib.suppress(OSError, AttributeError):
            sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        crowd.append(sock)
    return crowd, measure(agent, crowd, before, options.scrapes)


def speak_tls(agent, folder):
    """From now on the agent does. It counts what it listens to without TLS until then."""
    global TLS
    pki.make_certificates(folder / "pki")
    (folder / "pki" / "good.key").chmod(0o600)
    new = folder / "web.new"
    new.write_text(json.dumps({"tls_server_config": {"cert_file": "pki/good.pem", "key_file": "pki/good.key"}}), encoding="utf-8")
    new.replace(folder / "web.yml")
    TLS = ssl.create_default_context()
    TLS.check_hostname, TLS.verify_mode = False, ssl.CERT_NONE
    lab.wait_for(lambda: scrape(agent), "a scrape over TLS")


KINDS = {"idle": idle, "readers": readers, "gone": gone, "headers": headers, "drip": drip, "strangers": strangers, "hellos": hellos}


def run(load, binary, kind, options):
    """A thousand pools of dropped files, and one on a server that does not answer in time."""
    global TLS
    lab.AGENT, TLS = binary, None
    with wire.Folder() as folder, contextlib.ExitStack() as stack:
        simulator = stack.enter_context(lab.Simulator(folder.folder, {"listeners": [{"name": "site"}], "pools": {POOL: {"slow": "5m"}}}))
        load.write_exports(folder.folder, options.pools)
        folder.write_secret("hunter2")
        pools = "".join(f"  - {{fqdn: {load.pool_name(n)}, endpoint: drop, paired_pool: {load.pool_name(n ^ 1)}, site: bench}}\n" for n in range(options.pools))
        (folder.folder / "agent.yml").write_text(
            "global: {evaluation_interval: 10m, evaluation_timeout: 5m}\n"
            "credentials: {monitoring: {method: basic, username: svc-sfbmon, password_file: monitoring.password}}\n"
            f"endpoints:\n  drop: {{transport: file, path: '{folder.folder}/exports/{{pool}}.clixml', max_age: 50m}}\n"
            f"  site: {{transport: winrm, credentials: monitoring, allow_unencrypted: true, url: '{simulator.url('site')}'}}\n"
            f"pools:\n{pools}  - {{fqdn: {POOL}, endpoint: site, paired_pool: partner.example.com, site: bench}}\n"
            "authorization: {allow_anonymous: loopback}\n", encoding="utf-8")
        (folder.folder / "web.yml").write_text("# none yet\n", encoding="utf-8")
        agent = stack.enter_context(lab.Agent(folder.folder, f"--web.config.file={folder.folder}/web.yml"))
        load.ready(agent, options.pools)
        if options.tls:
            speak_tls(agent, folder.folder)
        before = kernel_bytes()
        crowd, found = KINDS[kind](agent, options, before)
        for sock in filter(None, crowd):
            sock.close()
    return found


def show(name, found):
    times = sorted(found.times)
    text = f"median {statistics.median(times):7.1f} ms, worst {times[-1]:7.1f} ms" if times else "none answered"
    print(f"    {name}: {text}, failed {found.failed}; resident {found.resident:.0f} MiB, kernel {found.kernel:.0f} MiB, "
          f"{found.open} of the others still open", flush=True)


def main(load, arguments):
    parser = argparse.ArgumentParser(prog="tests/bench/run connections", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--old", type=pathlib.Path, metavar="PROGRAM", help="an older sfb_backup_exporter")
    parser.add_argument("--only", nargs="*", choices=KINDS)
    parser.add_argument("--tls", action="store_true", help="all speak TLS")
    parser.add_argument("--pools", type=int, default=1000)
    parser.add_argument("--idle", type=int, default=10000)
    parser.add_argument("--readers", type=int, default=400)
    parser.add_argument("--queries", type=int, default=700)
    parser.add_argument("--halves", type=int, default=520, help="half requests at the begin")
    parser.add_argument("--strangers", type=int, default=16, help="connections on which others ask for `/`")
    parser.add_argument("--rate", type=int, default=200, help="half requests that come then in a second")
    parser.add_argument("--pause", type=float, default=0.02, help="seconds of a scraper beside them from its connection to its request")
    parser.add_argument("--scrapes", type=int, default=20)
    options = parser.parse_args(arguments)
    options.only = options.only or [kind for kind in KINDS if options.tls or kind != "hellos"]
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    binaries = {"new": lab.AGENT}
    if options.old:
        binaries = {"old": options.old, **binaries}
    titles = {"idle": f"{options.idle:,} idle connections", "readers": f"{options.readers} readers that do not read",
              "gone": f"{options.queries} queries whose callers are gone",
              "headers": f"{options.halves} half requests and {options.rate} more a second",
              "drip": f"{options.halves} half requests that trickle and {options.rate} more a second",
              "strangers": f"{options.strangers} strangers who ask for `/`",
              "hellos": f"{options.halves} handshakes that stop in the middle"}
    for kind in options.only:
        print(f"  {titles[kind]}{' over TLS' if options.tls else ''}, {options.pools:,} pools ({wire.busy()})", flush=True)
        for name, binary in binaries.items():
            # The agent keeps what it inherits, which is 1,024 as a rule.
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
            show(name, run(load, binary, kind, options))
