"""Servers, and proxies before them, that close connections by themselves: no evaluation fails, and nothing is done twice."""

import collections
import unittest

from lab import LabTest

PKI = {"certificate": "pki/server.pem", "key": "pki/server.key"}
RUNS = 10
# How a listener ends its connections. Each behind 1 to 7 answers; the first two are a race with what the agent sends next.
WAYS = {
    "silent": {},
    "late": {"delay": "20ms"},
    "told": {"announced": True},
    "half": {"half": True},
}


def fqdn(name):
    return f"{name}.example.com"


class Closing(LabTest):
    def listeners(self):
        plain = {f"{way}-{answers}": {"closes": {"behind": answers, **keys}} for way, keys in WAYS.items() for answers in (1, 2, 3, 4, 5, 7)}
        plain |= {"old": {"http": "1.0"}, "idle": {"closes": {"idle": "1s"}}, "kept": {}}
        # A session for each evaluation: Create, Command and Delete stand close together.
        fresh = {f"fresh-{name}": keys for name, keys in plain.items() if name != "kept"}
        both = {**plain, **fresh}
        return {**both, **{f"tls-{name}": {**keys, "tls": PKI} for name, keys in both.items() if name.split("-")[-1] in ("1", "2", "3", "old", "idle")}}

    def test_every_evaluation_is_good(self):
        listeners = self.listeners()
        scenario = {"certificate": {"make": "pki"}, "listeners": [{"name": name, **keys} for name, keys in listeners.items()],
                    "pools": {fqdn(name): {} for name in listeners}}
        with self.simulator(scenario) as simulator:
            self.configure_winrm({name: {"url": simulator.url(name), **({"tls": {"ca_file": "pki/ca.pem"}} if name.startswith("tls") else {}),
                                         **({"session": {"reuse": False}} if "fresh" in name else {})} for name in listeners},
                                 {fqdn(name): name for name in listeners}, settings={"evaluation_interval": "4s", "evaluation_timeout": "4s"})
            with self.agent() as agent:
                done = lambda: agent.by_pool("sfb_backup_evaluations_total")
                self.wait(lambda: len(done()) == len(listeners) and min(done().values()) >= RUNS, f"{RUNS} evaluations of each pool", 120)
                failed = {dict(labels)["pool"]: (dict(labels)["reason"], count)
                          for labels, count in agent.series("sfb_backup_evaluation_failures_total").items() if count}
                self.assertEqual(failed, {}, {pool: agent.history(pool)["history"] for pool in list(failed)[:2]})
                self.assertEqual(set(agent.by_pool("sfb_backup_up").values()), {1})
            self.wait_quiet(simulator)
            actions = collections.Counter(simulator.status()["requests_by_action"])
            self.assertEqual(actions["Command"], sum(simulator.status()["runs_by_pool"].values()), "none was repeated")

    def test_a_server_that_closes_gets_a_connection_for_each_request(self):
        with self.simulator({"listeners": [{"name": "atlanta", "closes": {"behind": 2}}], "pools": {fqdn("atlanta"): {}}}) as simulator:
            self.configure_winrm({"atlanta": {"url": simulator.url("atlanta")}}, {fqdn("atlanta"): "atlanta"})
            with self.agent() as agent:
                runs = lambda: simulator.status()["runs_by_pool"].get(fqdn("atlanta"), 0)
                self.wait(lambda: runs() >= 2, "it to be known")
                simulator.reset_counters()
                self.wait(lambda: runs() >= 8, "eight evaluations")
                status = simulator.status()
                self.assertLessEqual(abs(status["connections_made"] - status["requests"]), 1)
                self.assertNotIn("Create", status["requests_by_action"], "one session for all")
                self.assertEqual(set(agent.by_pool("sfb_backup_up").values()), {1})
            self.wait_quiet(simulator)


if __name__ == "__main__":
    unittest.main(verbosity=2)
