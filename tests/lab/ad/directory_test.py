"""The agent in a directory: the accounts, keys and enctypes that something is wrong with, each told by its code, the good ones fresh."""

import ad
import lab
import logon_lab

INTERVAL = 2


def setUpModule():
    if reason := ad.why_not():
        lab.skip_module(reason)


class Accounts(logon_lab.LogonTest):
    def rows(self, directory):
        """name -> (credential, endpoint, codes; none: it works)."""
        own = lambda **keys: {"method": "kerberos", "username": "svc-sfbmon", "realm": ad.REALM, "kdcs": [directory.address],
                              **({} if {"keytab_file", "ccache"} & keys.keys() else {"password_file": "monitoring.password"}), **keys}
        host = lambda name: {"spn": {"host": f"{name}.litwareinc.com"}}
        self.write_secret("Wrong-1", "wrong")
        keytab = directory.keytab("client.keytab", "svc-sfbmon")
        old = directory.keytab("old.keytab", "changing")
        directory.new_password("changing", "An0ther-one")
        for path in (keytab, old):
            path.chmod(0o600)
        ccache = directory.kinit("svc-sfbmon", ad.PASSWORD)
        directory.lock()
        return {
            "password": (own(), {}, None),
            "keytab": (own(keytab_file=str(keytab)), {}, None),
            "ccache": (own(ccache=f"FILE:{ccache}"), {}, None),
            "upn": (own(username="sfb.monitor@example.net"), {}, None),
            "upn-of-realm": (own(username="svc-sfbmon@litwareinc.com"), {}, None),
            "backslash": (own(username=r"LITWAREINC\svc-sfbmon"), {}, None),
            "lower-realm": (own(realm=ad.REALM.lower()), {}, None),
            "wsman": (own(), {"spn": {"service": "WSMAN"}}, None),
            "aes-service": (own(), host("aes"), None),
            "rc4-service": (own(), host("rc4"), None),
            "default-service": (own(), host("default"), None),
            "aes-account": (own(username="only-aes"), {}, None),
            "unknown-spn": (own(), host("elsewhere"), {"auth.spn_unknown"}),
            "wrong-password": (own(username="wrong-password", password_file="wrong.password"), {}, {"auth.refused"}),
            "disabled": (own(username="disabled"), {}, {"auth.account_locked"}),
            "expired": (own(username="expired"), {}, {"auth.account_locked", "auth.account_expired"}),
            "locked": (own(username="locked"), {}, {"auth.account_locked"}),
            "must-change": (own(username="must-change"), {}, {"auth.password_expired"}),
            "nobody": (own(username="nobody"), {}, {"auth.account_unknown"}),
            "old-keytab": (own(username="changing", keytab_file=str(old)), {}, {"auth.keytab_refused"}),
            "other-owner": (own(), host("changing"), {"auth.ticket_refused"})}

    def test_each(self):
        directory = self.enterContext(ad.Directory(self.folder))
        rows = self.rows(directory)
        server = self.folder / "server.keytab"
        for spn in ("HTTP/localhost", "WSMAN/localhost", "HTTP/aes.litwareinc.com", "HTTP/rc4.litwareinc.com", "HTTP/default.litwareinc.com"):
            directory.keytab(server, spn)
        listener = {"authenticate": ["Negotiate"], "encryption": "required", "keytab": str(server)}
        servers = self.enterContext(self.simulator({"listeners": [{"name": name, **listener} for name in rows],
                                                    "pools": {f"{name}.example.com": {} for name in rows}}, environment=self.nowhere))
        self.configure_logons(servers, {name: row[:2] for name, row in rows.items()}, password=ad.PASSWORD,
                              settings={"evaluation_interval": f"{INTERVAL}s", "evaluation_timeout": f"{INTERVAL}s"})
        good = [f"{name}.example.com" for name, row in rows.items() if row[2] is None]
        with self.agent() as agent:
            self.wait(agent.ready, lambda: f"ready\n{agent.log()[-3000:]}")
            self.wait(lambda: all(self.up(agent)[pool] for pool in good), lambda: f"{good}: {self.up(agent)}\n{agent.log()[-5000:]}")
            others = lab.Others(agent, good, INTERVAL)
            for name, (_, _, codes) in rows.items():
                with self.subTest(name):
                    found = {entry["code"] for entry in agent.history(f"{name}.example.com")["history"] if entry.get("code")}
                    self.assertTrue(found <= codes and found if codes else not found, found)
            # What was refused is not asked again: nobody is locked.
            done = lambda: min(agent.by_pool("sfb_backup_evaluations_total")[pool] for pool in good)
            self.wait(lambda: done() > 4, "further evaluations")
            self.assertLess(directory.bad_passwords("wrong-password"), 3)
            self.assertEqual(directory.bad_passwords("svc-sfbmon"), 0)
            self.assertEqual([row for row in others.held_up() if row[4]], [])
        self.wait_quiet(servers)

    def test_a_dc_that_goes_and_comes_back(self):
        directory = self.enterContext(ad.Directory(self.folder))
        server = directory.keytab("server.keytab", "HTTP/localhost")
        with self.front_end(directory, keytab=str(server)) as servers:
            self.configure_logon(servers, directory, password=ad.PASSWORD)
            with self.agent() as agent:
                self.wait_up(agent)
                directory.stop()
                before = agent.by_pool("sfb_backup_evaluations_total")["fe.example.com"]
                self.wait(lambda: agent.by_pool("sfb_backup_evaluations_total")["fe.example.com"] > before + 3, "further evaluations")
                self.assertEqual(self.up(agent), {"fe.example.com": 1}, "the session goes on")
                servers.set_listener("fe", {"closes": {"behind": 3, "announced": True}})  # the ticket there is serves each new connection
                before = servers.status()["logons_ok"]
                self.wait(lambda: servers.status()["logons_ok"] > before + 3, "further logons")
                self.assertEqual(self.up(agent), {"fe.example.com": 1}, agent.log()[-3000:])
            shown = self.evaluate()
            self.assertIn("auth.kdc_unreachable", shown.stdout + shown.stderr)
            directory.start()
            self.assertEqual(self.evaluate().returncode, 0)
