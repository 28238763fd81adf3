"""What a Kerberos ticket for each request costs, beside callers that send wrong ones and halves of large ones.

usage: tests/bench/run tickets [--count 1000] [--flooders 32] [--halves 400]
MIT's KDC, tickets without groups, one connection; milliseconds for one request. A wrong token is one that only libkrb5 can tell from a
good one. A half is 60,000 bytes of a head that does not end. Needs python3-gssapi. Asserts nothing.
"""

import argparse
import base64
import contextlib
import http.client
import json
import os
import pathlib
import socket
import statistics
import tempfile
import threading
import time

import kdc
import lab
from figures import cpu_seconds, resident


def tokens(ccache, count):
    import front_end_client as wire
    import gssapi
    credential = wire.kerberos_credential(ccache)
    name = gssapi.Name("HTTP@localhost", gssapi.NameType.hostbased_service)
    return [base64.b64encode(gssapi.SecurityContext(name=name, creds=credential, usage="initiate", mech=wire.SPNEGO, flags=wire.FLAGS).step()).decode()
            for _ in range(count)]


def connection_to(agent):
    host, port = agent.address.rsplit(":", 1)
    return contextlib.closing(http.client.HTTPConnection(host, int(port), timeout=60))


def get(connection, token=None):
    """(status, milliseconds)"""
    start = time.perf_counter()
    connection.request("GET", "/-/healthy", headers={"Authorization": f"Negotiate {token}"} if token else {})
    answer = connection.getresponse()
    answer.read()
    return answer.status, 1000 * (time.perf_counter() - start)


def row(name, agent, asked):
    with connection_to(agent) as connection:
        get(connection)
        before, found = cpu_seconds(agent.process.pid), [get(connection, token) for token in asked]
        used = cpu_seconds(agent.process.pid) - before
    times, good = [took for _, took in found], sum(status == 200 for status, _ in found)
    print(f"{name:34} median {statistics.median(times):6.2f}, worst {max(times):6.1f}, CPU {1000 * used / len(asked):5.2f}; good {good} of {len(asked)}")


def flood(agent, token, stop, outcomes):
    with connection_to(agent) as connection:
        while not stop.is_set():
            outcomes.append(get(connection, token)[0])


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--flooders", type=int, default=32)
    parser.add_argument("--halves", type=int, default=400)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name, kdc.Kdc(name) as realm:
        folder = pathlib.Path(name)
        realm.add("alice", "hunter2")
        keytab = realm.service()
        keytab.chmod(0o600)
        os.environ["KRB5_CONFIG"] = str(realm.folder / "krb5.conf")
        made = tokens(realm.kinit("alice", "hunter2"), options.count + 200)
        (folder / "agent.yml").write_text(json.dumps({
            "endpoints": {"drop": {"transport": "file", "path": "/nonexistent/{pool}.clixml", "max_age": "10m"}},
            "pools": [{"fqdn": "atl.example.com", "endpoint": "drop", "paired_pool": "chi.example.com", "site": "bench"}],
            "authorization": {"negotiate": {"keytab_file": str(keytab)}}}), encoding="utf-8")
        with lab.Agent(folder, f"--storage.path={folder}/state") as agent:
            row("no proof", agent, [None] * options.count)
            row("a ticket each", agent, made[:options.count])
            row("a used ticket each", agent, made[:options.count])
            wrong = bytearray(base64.b64decode(made[0]))
            wrong[len(wrong) // 2] ^= 0x55
            wrong = base64.b64encode(bytes(wrong)).decode()
            row("a wrong ticket each", agent, [wrong] * options.count)
            stop, outcomes = threading.Event(), []
            threads = [threading.Thread(target=flood, args=(agent, wrong, stop, outcomes)) for _ in range(options.flooders)]
            for thread in threads:
                thread.start()
            time.sleep(1)
            before, count = time.monotonic(), len(outcomes)
            row(f"no proof, {options.flooders} flooders", agent, [None] * 100)
            row(f"a ticket each, {options.flooders} flooders", agent, made[options.count:options.count + 100])
            print(f"  wrong tickets answered a second: {(len(outcomes) - count) / (time.monotonic() - before):.0f}; by status: "
                  f"{ {status: outcomes.count(status) for status in sorted(set(outcomes))} }")
            stop.set()
            for thread in threads:
                thread.join()
            before = resident(agent.process.pid)
            halves = []
            for _ in range(options.halves):
                halves.append(socket.create_connection(agent.address.rsplit(":", 1)))
                with contextlib.suppress(OSError):
                    halves[-1].sendall(b"GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Negotiate " + b"x" * 60000)
            time.sleep(1)
            row(f"a ticket each, {options.halves} halves", agent, made[options.count + 100:options.count + 200])
            print(f"  resident: {before:.0f} MiB before, {resident(agent.process.pid):.0f} MiB with the halves")
            for half in halves:
                half.close()
