"""More callers than there is room for, and callers that go away: /metrics stays to be had, and nothing is asked for nobody."""

import re
import socket
import time
import unittest

import lab
from lab import LabTest

POOL = "atl.example.com"
QUERY = f"/api/v1/Get-CsBackupServiceStatus?PoolFqdn={POOL}"
ENDED = "sfb_backup_exporter_http_connections_ended_total"


class Caller:
    """A connection that may have asked for something, and reads nothing until it is told to."""

    def __init__(self, address, target=None):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), lab.WAIT)
        if target:
            self.socket.sendall(f"GET {target} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode())

    def status(self):
        """That of the answer; 0 for an end without one."""
        first = self.socket.recv(4096)
        return int(first.split()[1]) if first else 0


class CrowdTest(LabTest):
    def setUp(self):
        super().setUp()
        self.callers = []
        self.addCleanup(self.close_all)

    def close_all(self):
        for caller in self.callers:
            caller.socket.close()
        self.callers = []

    def call(self, agent, count, target=None):
        called = [Caller(agent.address, target) for _ in range(count)]
        self.callers += called
        return called

    def ended(self, agent, reason):
        return agent.value(f'{ENDED}{{reason="{reason}"}}')


class Connections(CrowdTest):
    def test_idle_connections(self):
        self.configure()
        with self.agent() as agent:
            self.call(agent, 700)
            for _ in range(3):
                self.assertEqual(agent.request("/metrics").status, 200)
            self.assertGreaterEqual(self.ended(agent, "idle"), 700 - 512)
            self.assertEqual(self.ended(agent, "refused"), 0)
            self.assertEqual(len(re.findall("all places for connections are taken", agent.log())), 1)


class Queries(CrowdTest):
    """Of a pool whose next evaluation takes longer than this test."""

    def setUp(self):
        super().setUp()
        self.sim = self.enterContext(self.simulator({"listeners": [{"name": "site"}], "pools": {POOL: {}}}))
        self.configure_winrm({"site": {"url": self.sim.url("site")}}, {POOL: "site"},
                             settings={"evaluation_interval": "1h", "evaluation_timeout": "5m"})

    def ready(self):
        agent = self.enterContext(self.agent())
        self.addCleanup(self.close_all)  # before the agent's end
        self.wait(agent.ready, "ready")
        self.sim.set_pool(POOL, {"slow": "5m"})
        return agent

    def is_asked(self):
        return self.sim.status()["commands"] > 0

    def test_callers_that_hang_up_free_their_places_and_end_the_evaluation(self):
        agent = self.ready()
        for way in ("close", "half"):
            callers = self.call(agent, 100, QUERY)
            self.wait(self.is_asked, "the evaluation to begin")
            for caller in callers:
                caller.socket.close() if way == "close" else caller.socket.shutdown(socket.SHUT_WR)
            self.wait(lambda: not self.is_asked(), "the end of the evaluation")
            if way == "half":
                self.assertEqual({caller.status() for caller in callers}, {0})
        self.assertEqual(self.ended(agent, "gone"), 200)
        self.assertEqual(sum(agent.series("sfb_backup_evaluation_failures_total").values()), 0)

    def test_an_evaluation_goes_on_for_another_caller(self):
        agent = self.ready()
        self.sim.set_pool(POOL, {"slow": "3s"})
        first, second = self.call(agent, 2, QUERY)
        self.wait(self.is_asked, "the evaluation to begin")
        first.socket.close()
        self.assertEqual(second.status(), 200)
        self.assertEqual(self.sim.status()["runs_by_pool"][POOL], 2)

    def test_seven_hundred_queries_leave_room_for_a_scrape(self):
        agent = self.ready()
        callers = self.call(agent, 700, QUERY)
        self.assertEqual(agent.request("/metrics").status, 200)
        refused = frozenset({("path", "/api/v1/Get-CsBackupServiceStatus"), ("code", "503")})
        self.wait(lambda: agent.series("sfb_backup_exporter_http_requests_total").get(refused) == 700 - 256, "the refusals")
        self.assertEqual(len(re.findall("queries refused, too many wait", agent.log())), 1, agent.log())
        for caller in callers:
            caller.socket.close()
        start = time.monotonic()
        while time.monotonic() < start + 1:
            self.assertEqual(agent.request("/metrics").status, 200)
        self.wait(lambda: not self.is_asked(), "the end of the evaluation")
        self.assertEqual(self.ended(agent, "refused"), 0)


class Addresses(LabTest):
    def test_one_port_in_several_words(self):
        self.configure()
        port = lab.free_port()
        for addresses, doors in (
                ((f"127.0.0.1:{port}", f"127.0.0.1:{port}"), ["127.0.0.1"]),
                ((f"0.0.0.0:{port}", f"[::]:{port}"), ["127.0.0.1", "::1"]),
                ((f"[::]:{port}", f"0.0.0.0:{port}"), ["127.0.0.1", "::1"]),
                ((f":{port}", f"127.0.0.1:{port}"), ["127.0.0.1", "::1"])):
            with self.subTest(addresses), self.agent(addresses=(*addresses, "127.0.0.1:0")):
                for door in doors:
                    with socket.create_connection((door, port), lab.WAIT) as sock:
                        sock.sendall(b"GET /-/healthy HTTP/1.0\r\n\r\n")
                        self.assertIn(b" 200 ", sock.recv(100))


if __name__ == "__main__":
    unittest.main()
