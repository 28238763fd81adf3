"""Agent, HTTPS, a WS-Man front (the simulator's), and behind it Microsoft's own PSRP server: one chain, of which only the front's requests are ours on both sides."""

import unittest

import engine
import expected

SECURE = {"tls": {"certificate": "pki/server.pem", "key": "pki/server.key"}, "users": {"svc-sfbmon": "hunter2"}}
# A part of what ssh is asked: the way back is what differs.
GOOD = ["failing", "none", "null", "error", "warning", "streams", "host"]
BAD = ["two", "only-error", "status-throw", "huge"]


def setUpModule():
    engine.need_lab()


class Winrm(engine.EngineTest):
    MORE = {"slow": [{"do": "status"}, {"do": "sleep", "seconds": 600}]}

    def front(self, endpoints):
        """The simulator with a listener for each endpoint: name to keywords of `program`."""
        return self.simulator({"certificate": {"make": "pki"}, "listeners": [
            {"name": name, **SECURE, "server": {"engine": self.program(name, **keywords)}} for name, keywords in endpoints.items()]})

    def configure_front(self, simulator, pools, **keys):
        self.write_secret("hunter2")
        self.configure_endpoints(
            {name: {"transport": "winrm", "url": simulator.url(name), "credentials": "monitoring", "tls": {"ca_file": "pki/ca.pem"}, **keys.get(name, {})}
             for name in pools}, pools,
            credentials={"monitoring": {"method": "basic", "username": "svc-sfbmon", "password_file": "monitoring.password"}})

    def engines(self, simulator):
        return [pid for pid, parent in engine.processes(str(self.folder)).items() if parent == simulator.process.pid]

    def nothing_behind(self, simulator):
        """After the agent's end: no shell, no process, no zombie."""
        self.wait(lambda: simulator.quiet() and len(engine.processes(str(self.folder))) == 1, lambda: f"a quiet front: {simulator.status()}")
        self.assert_no_zombies(simulator)

    def test_answers(self):
        with self.front({"full": {}}) as simulator:
            self.configure_front(simulator, {"full": GOOD + BAD})
            with self.agent() as agent:
                for name in GOOD:
                    expected.check_good(self, agent, name, "full")
                texts = {name: expected.check_bad(self, agent, name, "full").text for name in BAD}
                self.assertIn("fe1.status-throw.full.example.com", texts["status-throw"])
                self.assertIn("FullyQualifiedErrorId : BackupServiceClosed,Sfb.Lab.GetCsBackupServiceStatusCommand", texts["status-throw"])
                self.assert_good(self.ask(agent, "only-error.full", Force="true"))
                rendered = self.ask(agent, "failing.full", width=80)
                self.assertEqual(rendered.headers["X-Rendered-By"], "server")
                self.assertIn("         ErrorState          ErrorState {", rendered.text)
            self.nothing_behind(simulator)

    def test_session_configurations(self):
        endpoints = {"cons": {"session": "constrained"}, "none": {"session": "nolanguage"}, "nonf": {"session": "nolanguage"},
                     "brok": {"session": "broken"}, "deep": {"modules": "depth2"}}
        with self.front(endpoints) as simulator:
            self.configure_front(simulator, {**{endpoint: ["failing"] for endpoint in endpoints}, "none": ["failing", "status-throw"]},
                                 nonf={"language": "full"})
            with self.agent() as agent:
                for endpoint in ("cons", "none", "deep"):
                    expected.check_good(self, agent, "failing", endpoint)
                answer = self.ask(agent, "status-throw.none", edition="5.1")
                self.assert_failed(answer, 502, "cmdlet", "cmdlet.failed", "query")
                self.assertIn("FullyQualifiedErrorId : BackupServiceClosed,Sfb.Lab.GetCsBackupServiceStatusCommand", answer.text)
                self.assert_failed(self.ask(agent, "failing.nonf"), 502, "cmdlet", "winrm.scripts_refused", "query")
                answer = self.ask(agent, "failing.brok")
                self.assert_failed(answer, 502, "cmdlet", "psrp.broken", "open")
                self.assertIn("NoSuchModule", answer.text)
            self.nothing_behind(simulator)

    def test_a_stop_and_deaths(self):
        names = {"healthy": "60s", "slow": "3s", "die-middle": "60s", "exit-before": "60s"}
        with self.front({"full": {}}) as simulator:
            self.configure_front(simulator, {"full": names})
            with self.agent() as agent:
                self.wait(agent.ready, "the first cycle")
                self.assert_good(self.ask(agent, "healthy.full"))
                self.wait(lambda: len(self.engines(simulator)) == 1, "one process")
                self.assert_failed(self.ask(agent, "slow.full"), 504, "timeout", "winrm.timeout", "query")
                self.assert_good(self.ask(agent, "healthy.full"))
                # It heard the stop and serves on, or says so too late on a busy machine and is ended.
                self.wait(lambda: len(self.engines(simulator)) == 1, "one process again")
                for name in ("die-middle", "exit-before"):
                    creates = simulator.status()["requests_by_action"]["Create"]
                    answer = self.ask(agent, f"{name}.full")
                    self.assert_failed(answer, 502, "process", "winrm.exited", "query")
                    self.assertLessEqual(simulator.status()["requests_by_action"]["Create"], creates + 1, "no second run in another session")
                    self.assert_good(self.ask(agent, "healthy.full"))
                self.kill_all(lambda: self.engines(simulator))
                # The front may have taken the command before it hears of the death: then it is one in mid-run.
                answer = self.ask(agent, "healthy.full")
                if answer.status != 200:
                    self.assert_failed(answer, 502, "process", "winrm.exited", "query")
                    answer = self.ask(agent, "healthy.full")
                self.assert_good(answer)
            self.nothing_behind(simulator)


if __name__ == "__main__":
    unittest.main()
