"""What is wrong with an endpoint from the start: said at once with reason and code, no hindrance for the others, and well after a repair."""

import re
import signal
import unittest

import lab
import pki
from lab import LabTest


def fqdn(name):
    return f"p-{name}.example.com"


def tls(name, **more):
    return {"tls": {"certificate": f"pki/{name}.pem", "key": f"pki/{name}.key", **more}}


TRUST = {"tls": {"ca_file": "pki/ca.pem"}}
RIGHT = {"users": {"svc-sfbmon": "hunter2"}}
# name: listener's keys, endpoint's keys, pool's keys, reason, code, and what repairs the listener in place (None: nothing does).
SETUPS = {
    "no-such-path": ({"path": "/elsewhere"}, {}, {}, "not_found", "http.not_found", {"path": "/wsman"}),
    "wrong-password": ({"users": {"svc-sfbmon": "another"}}, {"account": "wrong"}, {}, "auth", "auth.refused", RIGHT),
    "no-basic": ({"authenticate": ["Negotiate", "Kerberos"]}, {}, {}, "auth", "auth.not_offered", {"authenticate": ["Negotiate", "Basic"]}),
    "broken": ({"server": {"broken": "The session configuration's script failed."}}, {}, {}, "cmdlet", "psrp.broken", {"server": {"broken": ""}}),
    "version-3": ({"server": {"protocol": "3.0"}}, {}, {}, "protocol", "psrp.version", {"server": {"protocol": "2.3"}}),
    "no-shells": ({"server": {"max_shells": 0}}, {}, {}, "throttled", "wsman.quota_shells", {"server": {"max_shells": 5}}),
    "no-scripts": ({"server": {"language": "none"}}, {"language": "full"}, {}, "cmdlet", "winrm.scripts_refused", {"server": {"language": "full"}}),
    "no-cmdlet": ({"server": {"module": "SkypeForBusiness"}}, {}, {}, "cmdlet", "cmdlet.not_found", {"server": {"module": ""}}),
    "no-cmdlet-by-command": ({"server": {"module": "SkypeForBusiness", "language": "none"}}, {}, {}, "cmdlet", "cmdlet.not_found",
                             {"server": {"module": "", "language": "none"}}),
    "other-module": ({"server": {"module": "SkypeForBusiness"}}, {"import_module": "Lync"}, {}, "cmdlet", "cmdlet.import_failed",
                     {"server": {"module": "Lync"}}),
    "slow": ({}, {}, {"slow": "9s"}, "timeout", "winrm.timeout", {}),
    "deaf": ({"server": {"deaf": True}}, {}, {"slow": "9s"}, "timeout", "winrm.timeout", {}),
    "only-error": ({}, {}, {"only_error": "The service is \u00fcberlastet."}, "cmdlet", "cmdlet.error", {}),
    "fatal": ({}, {}, {"fatal": "The database is offline."}, "cmdlet", "cmdlet.failed", {}),
    "second-hop": ({}, {}, {"fatal": "Access is denied."}, "cmdlet", "cmdlet.second_hop", {}),
    "host": ({}, {}, {"host_call": True}, "cmdlet", "cmdlet.failed", {}),
    "two": ({}, {}, {"two": True}, "parse", "status.several", {}),
    "text": ({}, {}, {"text": True}, "parse", "status.unrecognised", {}),
    "many-modules": ({}, {}, {"modules": [f"Future.Module{i}" for i in range(40)]}, "parse", "status.too_many_modules", {}),
    "refused": (None, {"url": "http://127.0.0.1:9"}, {}, "connect", "connect.refused", None),
    "no-name": (None, {"url": "http://nowhere.invalid"}, {}, "dns", "resolve.no_name|resolve.failed", None),
    "other-name": (tls("other-name"), TRUST, {}, "tls", "tls.wrong_name", tls("good")),
    "expired": (tls("expired"), TRUST, {}, "tls", "tls.expired", tls("good")),
    "future": (tls("future"), TRUST, {}, "tls", "tls.not_yet_valid", tls("good")),
    "unknown": (tls("unknown"), TRUST, {}, "tls", "tls.unknown_issuer", tls("good")),
    "system-store": (tls("good"), {}, {}, "tls", "tls.unknown_issuer", None),
    "old-ca": (tls("chain"), {"tls": {"ca_file": "pki/issuing-old.pem"}}, {}, "tls", "tls.ca_expired", None),
    "tls-1.1": (tls("good", max_version="1.1"), TRUST, {}, "tls", "tls.too_old", {"tls": {"max_version": "1.3"}}),
    "below-1.3": (tls("good", max_version="1.2"), {"tls": {**TRUST["tls"], "min_version": "1.3"}}, {}, "tls", "tls.too_old",
                  {"tls": {"max_version": "1.3"}}),
    "not-tls": ({}, {**TRUST, "swap": "https"}, {}, "tls", "tls.handshake", tls("good")),
    "is-tls": (tls("good"), {"swap": "http"}, {}, "connect|protocol", "winrm.lost|http.is_tls", {"tls": "none"}),
}
# Behind these the endpoint is left alone for a minute.
RESTING = [name for name, row in SETUPS.items() if row[3] in ("auth", "forbidden", "throttled")]
INTERVAL = 2


class Setups(LabTest):
    def setUp(self):
        super().setUp()
        pki.make_certificates(self.folder / "pki")

    def scenario(self):
        listeners = {name: row[0] for name, row in SETUPS.items() if row[0] is not None}
        return {"listeners": [{"name": name, **RIGHT, **keys} for name, keys in {**listeners, "good": {}, "secure": tls("good")}.items()],
                "pools": {fqdn(name): row[2] for name, row in SETUPS.items()} | {fqdn("good"): {}, fqdn("secure"): {}}}

    def configure(self, simulator, repaired=(), changed=()):
        """`repaired`: what only another configuration can repair. `changed`: endpoints with some other setting."""
        endpoints = {"good": {"url": simulator.url("good")}, "secure": {"url": simulator.url("secure"), **TRUST}}
        for name, (_, keys, _, reason, _, _) in SETUPS.items():
            keys = dict(keys)
            swap = keys.pop("swap", None)
            url = keys.pop("url", None) or simulator.url(name)
            keys["url"] = url.replace(url.split(":")[0] + ":", swap + ":") if swap else url
            endpoints[name] = keys if name not in repaired else endpoints["secure" if reason == "tls" else "good"]
        for name in changed:
            endpoints[name]["max_concurrent"] = 2
        self.configure_winrm(endpoints, {fqdn(name): name for name in endpoints},
                             settings={"evaluation_interval": f"{INTERVAL}s", "evaluation_timeout": f"{INTERVAL}s"})

    def test_every_setup(self):
        with self.simulator(self.scenario()) as simulator:
            self.configure(simulator)
            with self.agent() as agent:
                ill = lambda: {pool for pool, value in agent.by_pool("sfb_backup_up").items() if not value}
                self.wait(agent.ready, "ready")
                self.assertEqual(ill(), {fqdn(name) for name in SETUPS}, agent.log())
                others = lab.Others(agent, [fqdn("good"), fqdn("secure")], INTERVAL)
                for name, row in SETUPS.items():
                    with self.subTest(name=name):
                        self.check(agent, fqdn(name), *row[3:5])
                self.heal_in_place(agent, simulator, ill)
                # What only another configuration repairs.
                self.configure(simulator, repaired=[name for name, row in SETUPS.items() if row[5] is None])
                agent.signal(signal.SIGHUP)
                self.wait(lambda: not ill(), lambda: f"{ill()} to heal\n{agent.log()}")
                self.assertEqual(others.held_up(), [])
            self.wait_quiet(simulator)

    def heal_in_place(self, agent, simulator, ill):
        """The servers are repaired; the agent is told nothing, but for those it leaves alone."""
        for name, (_, _, _, _, _, repair) in SETUPS.items():
            simulator.set_pool(fqdn(name), {})
            if repair:
                simulator.set_listener(name, repair)
        for_ever = {fqdn(name) for name, row in SETUPS.items() if row[5] is None}
        resting = {fqdn(name) for name in RESTING}
        self.wait(lambda: ill() <= for_ever | resting, lambda: f"{ill() - for_ever - resting} to heal\n{agent.log()}")
        self.assertLessEqual(resting, ill(), "left alone for a minute")
        generations = agent.by_pool("sfb_backup_evaluations_total")
        self.configure(simulator, changed=RESTING)
        agent.signal(signal.SIGHUP)
        self.wait(lambda: ill() <= for_ever, lambda: f"{ill() - for_ever} to heal behind a reload\n{agent.log()}")
        after = agent.by_pool("sfb_backup_evaluations_total")
        self.assertTrue(all(after[pool] >= count for pool, count in generations.items()), "a reload forgets nothing")

    def check(self, agent, pool, reason, code):
        counted = {dict(labels)["reason"]: value for labels, value in agent.series("sfb_backup_evaluation_failures_total").items()
                   if dict(labels)["pool"] == pool and value}
        self.assertEqual(len(counted), 1, counted)
        self.assertIn(next(iter(counted)), reason.split("|"))
        entries = agent.history(pool)["history"]
        codes = {entry["code"] for entry in entries}
        self.assertEqual(len(codes), 1, codes)
        self.assertIn(codes.pop(), code.split("|"))
        self.assertTrue(all(entry["remedy"] for entry in entries), entries)
        line = re.search(rf'(?m)^.*"?evaluation failed"? pool={pool} .*$', agent.log())
        self.assertIn(f"reason={next(iter(counted))}", line[0] if line else agent.log())

    def test_new_certificates_count_without_a_reload(self):
        """The server's issuer changes, then the file of trusted certificates follows."""
        listeners = [{"name": name, **RIGHT, **tls("good")} for name in ("atlanta", "chicago")]
        pools = {"atl.example.com": "atlanta", "chi.example.com": "chicago"}
        with self.simulator({"listeners": listeners, "pools": {name: {} for name in pools}}) as simulator:
            self.configure_winrm({name: {"url": simulator.url(name), **TRUST, "session": {"reuse": False}} for name in pools.values()}, pools)
            with self.agent() as agent:
                self.wait(agent.ready, "ready")
                up = lambda: agent.by_pool("sfb_backup_up")
                self.wait(lambda: set(up().values()) == {1}, "good pools")
                simulator.set_listener("atlanta", tls("unknown"))
                simulator.set_faults([{"listener": "atlanta", "action": "Delete", "do": "drop_reply"}])  # connections come anew
                self.wait(lambda: up()["atl.example.com"] == 0, "the stranger to be refused")
                self.assertEqual(agent.history("atl.example.com")["history"][0]["code"], "tls.unknown_issuer")
                trusted = self.folder / "pki" / "ca.pem"
                both = trusted.read_text() + (self.folder / "pki" / "stranger.pem").read_text()
                trusted.with_suffix(".new").write_text("no certificate")
                trusted.with_suffix(".new").rename(trusted)
                simulator.set_faults([{"action": "Delete", "do": "drop_reply"}])
                self.wait(lambda: "trusted certificates cannot be read anew" in agent.log(), "a broken file to be told")
                self.assertEqual(up()["chi.example.com"], 1, "the old ones are used")
                trusted.with_suffix(".new").write_text(both)
                trusted.with_suffix(".new").rename(trusted)
                simulator.set_faults([])
                self.wait(lambda: set(up().values()) == {1}, agent.log)
            self.wait_quiet(simulator)


if __name__ == "__main__":
    unittest.main(verbosity=2)
