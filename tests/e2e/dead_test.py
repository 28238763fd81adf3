"""An endpoint that swallows every packet and a name server that never answers cost their own pools only."""

import contextlib
import signal
import socket
import subprocess
import time
import unittest

import lab
from lab import LabTest

INTERVAL = 2
HEALTHY = [f"well-{i}" for i in range(6)]


def black_hole(stack):
    """A port that never answers a connect: its backlog is full."""
    hole = stack.enter_context(socket.socket())
    hole.bind(("127.0.0.1", 0))
    hole.listen(0)
    for _ in range(8):
        filler = stack.enter_context(socket.socket())
        filler.setblocking(False)
        filler.connect_ex(hole.getsockname())
    time.sleep(0.2)
    return f"http://127.0.0.1:{hole.getsockname()[1]}/wsman"


def silent_dns(stack):
    """A name server that takes questions and never answers. Needs the right to bind port 53 and to make a mount namespace."""
    server = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    server.bind(("127.0.0.153", 53))
    subprocess.run(["unshare", "-m", "true"], check=True, capture_output=True)


def setUpModule():
    with contextlib.ExitStack() as stack:
        try:
            silent_dns(stack)
        except (OSError, subprocess.CalledProcessError) as error:
            lab.skip_module(f"no dead name server: {error}; run the test as root, and with port 53 of 127.0.0.153 free")


def with_dns(command, resolv_conf):
    """exec, so that the pid stays the command's."""
    return ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', str(resolv_conf), *command]


class Dead(LabTest):
    def test_dead_endpoints_hold_up_nobody(self):
        with contextlib.ExitStack() as stack:
            silent_dns(stack)
            dns = self.folder / "resolv.conf"
            dns.write_text("nameserver 127.0.0.153\n", encoding="ascii")
            dead = {"hole": black_hole(stack), **{f"name-{i}": f"http://fe-{i}.dead.example.com:5985/wsman" for i in range(10)}}
            pools = {f"{name}.example.com": name for name in [*HEALTHY, *dead]}
            # Three pools in the hole and on each dead name.
            pools |= {f"{name}-{i}.example.com": name for name in dead for i in (2, 3)}
            scenario = {"listeners": [{"name": name, "users": {"svc-sfbmon": "hunter2"}} for name in HEALTHY],
                        "pools": {pool: {} for pool in pools}}
            simulator = stack.enter_context(self.simulator(scenario))
            # By name: look-ups of theirs stand beside those that hang.
            well = {name: {"url": simulator.url(name).replace("127.0.0.1", "localhost")} for name in HEALTHY}
            self.configure_winrm({**well, **{name: {"url": url} for name, url in dead.items()}},
                                 pools, settings={"evaluation_interval": f"{INTERVAL}s", "evaluation_timeout": f"{INTERVAL}s"})
            agent = self.agent()
            agent.command = with_dns(agent.command, dns)
            stack.enter_context(agent)
            # All share one account, which nobody has let in yet, and the dead ones stand first: two every two seconds.
            up = lambda: {pool for pool, value in agent.by_pool("sfb_backup_up").items() if value}
            self.wait(lambda: up() == {f"{name}.example.com" for name in HEALTHY}, lambda: f"the others' first answer, not only {up()}",
                      len(dead) + INTERVAL + 5)
            ill = lambda: {pool for pool, up in agent.by_pool("sfb_backup_up").items() if not up}
            self.wait(lambda: ill() == {pool for pool, name in pools.items() if name in dead}, lambda: f"the dead ones to fail, not {ill()}")
            others = lab.Others(agent, [f"{name}.example.com" for name in HEALTHY], INTERVAL)
            done = lambda: sum(agent.by_pool("sfb_backup_evaluations_total")[pool] for pool in others.pools)
            start = done()
            self.wait(lambda: done() - start >= 3 * len(HEALTHY), "three evaluations of each of the others")
            agent.signal(signal.SIGHUP)
            self.wait(lambda: done() - start >= 7 * len(HEALTHY), "four more after a reload")
            self.assertEqual(others.held_up(), [])
            for name, reason, code in (("hole", "timeout", "connect.timeout"), ("name-0", "dns", "resolve.timeout")):
                entry = agent.history(f"{name}.example.com")["history"][0]
                self.assertEqual((entry["reason"], entry["code"]), (reason, code), entry)
            # Neither does it hold up the end.
            begun = time.monotonic()
            agent.signal(signal.SIGTERM)
            self.assertEqual(agent.process.wait(lab.WAIT), 0, agent.log())
            self.assertLess(time.monotonic() - begun, lab.WAIT)
            self.wait_quiet(simulator)


if __name__ == "__main__":
    unittest.main(verbosity=2)
