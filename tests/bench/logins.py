"""Logins beside callers that guess passwords: bcrypt at cost 10, each guess new.

usage: tests/bench/run logins [--seconds N] [--guessers 32] [--reconnect]
--reconnect: each guess has a connection of its own. All come from 127.0.0.1, which is the worst case: they share a lane with the good
logins. Figures are milliseconds; a good login that is not remembered is one of a user that had not logged in before. Asserts nothing.
"""

import argparse
import base64
import contextlib
import crypt
import http.client
import json
import pathlib
import statistics
import tempfile
import threading
import time

import lab
from figures import cpu_seconds

USERS = 40


def get(connection, user, password, path="/-/healthy"):
    """(status, milliseconds)"""
    start = time.perf_counter()
    login = base64.b64encode(f"{user}:{password}".encode()).decode()
    connection.request("GET", path, headers={"Authorization": f"Basic {login}"})
    answer = connection.getresponse()
    answer.read()
    return answer.status, 1000 * (time.perf_counter() - start)


def connection_to(agent):
    host, port = agent.address.rsplit(":", 1)
    return contextlib.closing(http.client.HTTPConnection(host, int(port), timeout=60))


def guess(agent, number, stop, outcomes, reconnect):
    count = 0
    while not stop.is_set():
        with connection_to(agent) as connection:
            while not stop.is_set():
                count += 1
                outcomes.append(get(connection, f"user-{count % USERS}", f"guess {number} {count}"))
                if reconnect:
                    break


def shown(times):
    return f"median {statistics.median(times):.1f}, worst {max(times):.1f}" if times else "none"


def measure(agent, seconds, guessers, reconnect):
    stop, outcomes = threading.Event(), []
    threads = [threading.Thread(target=guess, args=(agent, number, stop, outcomes, reconnect)) for number in range(guessers)]
    known, new, refused = [], [], 0
    with connection_to(agent) as connection:
        get(connection, "user-0", "right 0")
        for thread in threads:
            thread.start()
        time.sleep(1)
        before, begin, outcomes[:] = cpu_seconds(agent.process.pid), time.monotonic(), []
        number = 0
        while time.monotonic() < begin + seconds:
            known.append(get(connection, "user-0", "right 0")[1])
            number += 1
            if number < USERS:
                with connection_to(agent) as other:
                    status, took = get(other, f"user-{number}", f"right {number}")
                if status == 200:
                    new.append(took)
                else:
                    refused += 1
            time.sleep(seconds / USERS)
        took = time.monotonic() - begin
        used = cpu_seconds(agent.process.pid) - before
        count = len(outcomes)
        stop.set()
        for thread in threads:
            thread.join()
    print(f"{guessers} guessers{', a connection for each guess' if reconnect else ''}: {count / took:.1f} guesses answered a second, "
          f"{used / took:.2f} cores")
    print(f"  good login that is remembered:     {shown(known)}")
    print(f"  good login that is not remembered: {shown(new)}; refused {refused}")


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--guessers", type=int, default=32)
    parser.add_argument("--reconnect", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "agent.yml").write_text("endpoints:\n  drop: {transport: file, path: '/nonexistent/{pool}.clixml', max_age: 10m}\n"
                                          "pools:\n  - {fqdn: atl.example.com, endpoint: drop, paired_pool: chi.example.com, site: bench}\n")
        users = {f"user-{n}": crypt.crypt(f"right {n}", crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=1 << 10)) for n in range(USERS)}
        (folder / "web.yml").write_text(json.dumps({"basic_auth_users": users}))
        (folder / "web.yml").chmod(0o600)
        with lab.Agent(folder, f"--web.config.file={folder}/web.yml") as agent:
            measure(agent, options.seconds, options.guessers, options.reconnect)

