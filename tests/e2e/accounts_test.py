"""Wrong passwords: the server is left alone, so that the account is not locked; a right one ends that at once."""

import json
import os
import signal
import unittest

from lab import LabTest


class Refused(LabTest):
    """Twenty pools on one endpoint whose password is wrong: the account is not to be locked."""

    POOLS = [f"pool-{i:02}.example.com" for i in range(20)]

    def scenario(self):
        return {"listeners": [{"name": "atlanta", "users": {"svc-sfbmon": "hunter2"}}, {"name": "other"}],
                "pools": {name: {} for name in [*self.POOLS, "other.example.com"]}}

    def test_one_logon_for_all_pools(self):
        for sessions in (1, 4):
            with self.subTest(sessions=sessions), self.simulator(self.scenario(), name=f"refused-{sessions}") as simulator:
                self.configure_winrm({"atlanta": {"url": simulator.url("atlanta"), "max_concurrent": sessions},
                                      "other": {"url": simulator.url("other")}},
                                     {**{name: "atlanta" for name in self.POOLS}, "other.example.com": "other"}, password="wrong")
                with self.agent() as agent:
                    self.wait(agent.ready, "ready")
                    runs = lambda: simulator.status()["runs_by_pool"].get("other.example.com", 0)
                    self.wait(lambda: runs() >= 3, "the other endpoint to be asked three times")
                    self.check_left_alone(agent, simulator)
                    self.write_secret("still wrong")
                    self.wait(lambda: simulator.status()["logons_failed"] == 2, "a new password to be tried")
                    self.wait(lambda: runs() >= 5, "the other endpoint to be asked on")
                    self.assertEqual(simulator.status()["logons_failed"], 2)
                    self.write_secret("hunter2")
                    self.wait(lambda: set(agent.by_pool("sfb_backup_up").values()) == {1}, "the right password to end it")
                    self.assertEqual(simulator.status()["logons_failed"], 2)
                    until = agent.by_pool("sfb_backup_evaluation_backoff_until_timestamp_seconds")
                    self.assertFalse(any(until.values()))
                self.wait_quiet(simulator)

    def check_left_alone(self, agent, simulator):
        self.assertEqual(simulator.status()["logons_failed"], 1)
        failures = agent.by_pool("sfb_backup_evaluation_failures_total", reason="auth")
        self.assertEqual(sum(failures.values()), 1, "only the pool that asked failed")
        until = agent.by_pool("sfb_backup_evaluation_backoff_until_timestamp_seconds")
        self.assertEqual({name for name, when in until.items() if when}, set(self.POOLS))
        for name in self.POOLS[:2]:
            answer = agent.query(name, **{"as": "json"})
            self.assertEqual((answer.status, answer.json()["code"]), (503, "engine.backoff"), answer.text)
            self.assertIn(int(answer.headers["Retry-After"]), range(30, 61))
        self.assertEqual(simulator.status()["logons_failed"], 1, "a query does not ask either")
        self.assertNotIn("wrong", agent.log())

    def test_endpoints_that_share_an_account(self):
        names = [f"fe-{i}" for i in range(8)]
        scenario = {"listeners": [{"name": name, "users": {"svc-sfbmon": "hunter2"}} for name in names],
                    "pools": {f"{name}.example.com": {} for name in names}}
        with self.simulator(scenario) as simulator:
            self.configure_winrm({name: {"url": simulator.url(name)} for name in names}, {f"{name}.example.com": name for name in names},
                                 password="wrong", settings={"evaluation_interval": "4s"})
            with self.agent() as agent:
                until = lambda: agent.by_pool("sfb_backup_evaluation_backoff_until_timestamp_seconds")
                self.wait(lambda: len([when for when in until().values() if when]) == len(names), "all to be left alone")
                failed = simulator.status()["logons_failed"]
                self.assertIn(failed, range(2, 5), "two in a row, and perhaps those that ran at the same time")
                message = agent.query(f"{names[-1]}.example.com", **{"as": "json"}).json()["detail"]
                self.assertIn("auth.refused", message)
                self.write_secret("hunter2")
                self.wait(lambda: set(agent.by_pool("sfb_backup_up").values()) == {1} and len(agent.by_pool("sfb_backup_up")) == len(names),
                          "the right password to end it for all")
                self.assertEqual(simulator.status()["logons_failed"], failed)
            self.wait_quiet(simulator)

    def test_reloads_that_change_nothing_cost_no_logon(self):
        """Each cost two logons, with callers more."""
        names = [f"fe-{i}" for i in range(4)]
        pools = {f"{name}.example.com": name for name in names}
        scenario = {"certificate": {"make": "pki"}, "pools": {pool: {} for pool in [*pools, "new.example.com", "other.example.com"]}, "listeners": [
            *({"name": name, "users": {"svc-sfbmon": "hunter2"}, "tls": {"certificate": "pki/server.pem", "key": "pki/server.key"}} for name in names),
            {"name": "other"}]}
        with self.simulator(scenario) as simulator:
            self.configure_winrm({**{name: {"url": simulator.url(name), "tls": {"ca_file": "pki/ca.pem"}} for name in names},
                                  "other": {"url": simulator.url("other"), "account": "other"}},
                                 {**pools, "other.example.com": "other"}, password="wrong", settings={"evaluation_interval": "2s"})
            path = self.folder / "agent.yml"

            def change(edit):
                settings = json.loads(path.read_text(encoding="utf-8"))
                edit(settings)
                path.write_text(json.dumps(settings, indent=1), encoding="utf-8")

            with self.agent() as agent:
                until = lambda: agent.by_pool("sfb_backup_evaluation_backoff_until_timestamp_seconds")
                resting = lambda: {pool for pool, when in until().items() if when}
                reloads = lambda: agent.log().count("configuration reloaded")

                def reload():
                    before = reloads()
                    agent.signal(signal.SIGHUP)
                    self.wait(lambda: reloads() > before, lambda: f"a reload:\n{agent.log()[-1500:]}")

                self.wait(lambda: resting() == set(pools), "all to be left alone")
                failed, seen = simulator.status()["logons_failed"], until()
                for i in range(10):
                    reload()
                    for pool in pools:
                        self.assertEqual(agent.query(pool, **{"as": "json"}).json()["code"], "engine.backoff")
                    if i == 3:
                        os.utime(self.folder / "monitoring.password")
                    elif i == 4:
                        self.write_secret("wrong")  # another file with the same content
                    elif i == 5:
                        change(lambda all: all["endpoints"]["other"].update(session={"max_pipelines": 7}))
                    elif i == 6:
                        change(lambda all: all["pools"].append({"fqdn": "new.example.com", "endpoint": "fe-0", "paired_pool": "x.example.com", "site": "lab"}))
                    elif i == 7:
                        change(lambda all: all.update(limits={"depth": 50}))
                    elif i == 8:
                        change(lambda all: all["credentials"]["monitoring"].update(username="SVC-SfbMon"))
                self.assertEqual(simulator.status()["logons_failed"], failed, agent.log())
                self.assertEqual(resting(), {*pools, "new.example.com"})
                for pool in pools:
                    self.assertAlmostEqual(until()[pool], seen[pool], delta=1)
                problem = agent.query("new.example.com", **{"as": "json"})
                self.assertEqual((problem.status, problem.json()["code"]), (503, "engine.backoff"))
                # Its own settings changed: it is tried, once, and nobody else is.
                change(lambda all: all["endpoints"]["fe-2"]["tls"].update(ca_file=str(self.folder / "pki/./other.pem")))
                (self.folder / "pki/other.pem").write_bytes((self.folder / "pki/ca.pem").read_bytes())
                reload()
                self.wait(lambda: simulator.status()["logons_failed"] == failed + 1, "a logon of that endpoint")
                for _ in range(3):
                    reload()
                self.assertEqual(resting(), {*pools, "new.example.com"})
                self.assertEqual(simulator.status()["logons_failed"], failed + 1)
                # The account's: another file with the same wrong password.
                self.write_secret("wrong", "moved")
                change(lambda all: all["credentials"]["monitoring"].update(username="svc-sfbmon", password_file="moved.password"))
                reload()
                self.wait(lambda: simulator.status()["logons_failed"] > failed + 1, "the account's new file to be tried")
                self.wait(lambda: resting() >= set(pools), "all to be left alone again")
                failed = simulator.status()["logons_failed"]
                reload()
                self.assertEqual(simulator.status()["logons_failed"], failed)
                self.write_secret("hunter2", "moved")
                self.wait(lambda: not resting(), "the right password to end it", 40)
                self.assertEqual(simulator.status()["logons_failed"], failed)
            self.wait_quiet(simulator)

    def test_a_password_file_that_goes_and_comes_back(self):
        with self.simulator(self.scenario()) as simulator:
            self.configure_winrm({"atlanta": {"url": simulator.url("atlanta"), "session": {"reuse": False}}}, {self.POOLS[0]: "atlanta"})
            with self.agent() as agent:
                self.wait(agent.ready, "ready")
                (self.folder / "monitoring.password").unlink()
                # A new connection wants the password, but for the second Delete, which goes with what was accepted.
                simulator.set_faults([{"action": "Delete", "do": "drop_reply", "times": 2}])
                failures = lambda: agent.by_pool("sfb_backup_evaluation_failures_total", reason="process")
                self.wait(lambda: failures()[self.POOLS[0]], "a failure")
                problem = agent.query(self.POOLS[0], **{"as": "json"}).json()
                self.assertEqual((problem["reason"], problem["code"]), ("process", "secret.unreadable"))
                self.write_secret("hunter2")
                self.wait(lambda: agent.by_pool("sfb_backup_up")[self.POOLS[0]] == 1, "the pool to heal")
                self.assertEqual(simulator.status()["logons_failed"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
