"""The agent logs on with Kerberos and NTLM: every method, every form of a server, every fault of a logon and of a sealed answer."""

import re
import subprocess

import kdc
import lab
import logon_lab
from logon_lab import LogonTest

INTERVAL = 2


def setUpModule():
    if lost := kdc.missing():
        lab.skip_module(f"not installed: {', '.join(lost)} (deploy/packages test)")


class Logons(LogonTest):
    """Many front ends, one agent."""

    def start(self, realm, listeners, credentials=None, endpoints=None, faults=(), settings=None):
        """The servers, and the configuration of an agent that asks each of them for a pool of its own."""
        standard = {"authenticate": ["Negotiate"], "encryption": "required", "keytab": str(realm.folder / "server.keytab")}
        listeners = {name: {key: value for key, value in {**standard, **keys}.items() if value is not None} for name, keys in listeners.items()}
        servers = self.enterContext(self.simulator(
            {"listeners": [{"name": name, **keys} for name, keys in listeners.items()], "faults": list(faults),
             "pools": {f"{name}.example.com": {} for name in listeners}, "certificate": {"make": "pki", "names": ["localhost"]}},
            environment=self.nowhere))
        self.rows = {name: ((credentials or {}).get(name, self.credential(realm)), (endpoints or {}).get(name, {})) for name in listeners}
        self.configure_logons(servers, self.rows, settings={"evaluation_interval": f"{INTERVAL}s", "evaluation_timeout": f"{INTERVAL}s", **(settings or {})})
        return servers

    def ill(self, agent):
        return {pool.removesuffix(".example.com") for pool, value in self.up(agent).items() if not value}

    def codes(self, agent, name):
        return {(entry["reason"], entry["code"]) for entry in agent.history(f"{name}.example.com")["history"] if entry.get("code")}


class Methods(Logons):
    def test_every_method_and_every_form(self):
        realm = self.realm()
        ntlm = {"keytab": None, "users": {**logon_lab.NTLM_USERS, logon_lab.CLIENT: logon_lab.PASSWORD}}
        strict = {**logon_lab.TLS, "channel_bindings": "strict"}
        keytab = realm.keytab("client.keytab", logon_lab.CLIENT)
        keytab.chmod(0o600)
        ccache = realm.kinit(logon_lab.CLIENT, logon_lab.PASSWORD)
        # name -> (listener, credential, endpoint, method that it comes to, sealed)
        rows = {
            "kerberos": ({}, {}, {}, "kerberos", True),
            "negotiate": ({}, {"method": "negotiate"}, {}, "kerberos", True),
            "keytab": ({}, {"keytab_file": keytab}, {}, "kerberos", True),
            "ccache": ({}, {"ccache": f"FILE:{ccache}"}, {}, "kerberos", True),
            "offers-kerberos": ({"authenticate": ["Kerberos"]}, {}, {}, "kerberos", True),
            "one-list": ({"authenticate": ["Basic realm=\"a, b\", Negotiate"], "users": {"x": "y"}}, {}, {}, "kerberos", True),
            "wraps-plainly": ({"authenticate": ["Kerberos"], "sealing": {"plain_wrap": True}}, {}, {}, "kerberos", True),
            "blank": ({"sealing": {"blank": True}}, {}, {}, "kerberos", True),
            "no-tab": ({"sealing": {"tab": False}}, {}, {}, "kerberos", True),
            "crlf": ({"sealing": {"crlf": True, "tab": False}}, {}, {}, "kerberos", True),
            "ntlm": (ntlm, {"method": "ntlm"}, {}, "ntlm", True),
            "ntlm-blank": ({**ntlm, "sealing": {"blank": True, "crlf": True}}, {"method": "ntlm"}, {}, "ntlm", True),
            "falls-to-ntlm": (ntlm, {"method": "negotiate", "ntlm": "allow"}, {"spn": {"host": "nowhere.example.com"}}, "ntlm", True),
            "ntlm-alone": ({**ntlm, "authenticate": ["NTLM"]}, {"method": "negotiate", "ntlm": "allow"}, {}, "ntlm", True),
            "https-strict": (strict, {}, {}, "kerberos", False),
            "https-ntlm": ({**ntlm, **strict}, {"method": "ntlm"}, {}, "ntlm", False),
            "https-always": (strict, {}, {"encryption": "always"}, "kerberos", True),
            "https-off": ({**logon_lab.TLS, "channel_bindings": "relaxed"}, {}, {"channel_binding": "off"}, "kerberos", False),
            "basic": ({**logon_lab.TLS, "keytab": None, "users": ntlm["users"], "authenticate": ["Basic"]}, {"method": "basic"}, {}, "basic", False)}
        servers = self.start(realm, {name: row[0] for name, row in rows.items()}, {name: self.credential(realm, **row[1]) for name, row in rows.items()},
                             {name: row[2] for name, row in rows.items()})
        with self.agent() as agent:
            self.wait_up(agent)
            self.assertEqual(servers.status()["logons_failed"], 0, servers.log())
        self.wait_quiet(servers)
        # Each alone, for what the server saw of it.
        for name, (_, _, _, method, sealed) in rows.items():
            with self.subTest(name):
                servers.reset_counters()
                shown = self.evaluate(name)
                self.assertEqual(shown.returncode, 0, shown.stdout + shown.stderr)
                status = servers.status()
                self.assertEqual(set(status["logons_by_method"]), {method})
                self.assertEqual(status["sealed_requests"] > 0, sealed)
                self.assertEqual("warning: NTLM was used instead of Kerberos: " in shown.stderr, name in ("falls-to-ntlm", "ntlm-alone"))
                if method != "basic":
                    self.assertEqual(status["last_logon"]["bound"], "true" if name in ("https-strict", "https-ntlm", "https-always") else "false")

    def test_enctypes(self):
        for number, enctypes in ((20, kdc.AES_SHA2), (17, "aes128-cts-hmac-sha1-96:normal")):
            self.folder = self.folder / str(number)
            self.folder.mkdir()
            realm = self.realm(enctypes=enctypes)
            self.nowhere["KRB5_CONFIG"] = str(realm.folder / "krb5.conf")  # AES-SHA1 is what libkrb5 prefers
            servers = self.start(realm, {"fe": {}})
            self.assertEqual(self.evaluate("fe").returncode, 0)
            self.assertEqual(servers.status()["last_logon"]["enctype"], str(number))


class Faults(Logons):
    # name -> (fault, reason, code)
    SPOILT = {
        "refuse": ({"do": "refuse"}, "auth", "auth.ticket_refused"),
        "no-token": ({"do": "no_last_token"}, "protocol", "auth.no_proof"),
        "bad-token": ({"do": "wrong_last_token"}, "protocol", "auth.gssapi"),
        "plain": ({"do": "plain", "action": "Receive"}, "protocol", "auth.not_sealed"),
        "boundary": ({"do": "seal_boundary"}, "protocol", "auth.sealed_body"),
        "length": ({"do": "seal_length"}, "protocol", "auth.sealed_body"),
        "signature": ({"do": "seal_signature"}, "protocol", "auth.sealed_body"),
        "tampered": ({"do": "seal_tampered"}, "protocol", "auth.seal"),
        "replayed": ({"do": "seal_replayed", "action": "Receive"}, "protocol", "auth.seal"),
        "sealed-500": ({"do": "fault", "code": 5}, "forbidden", "wsman.access_denied"),
        "plain-fault": ({"do": "fault", "code": 5, "sealed": False}, "forbidden", "wsman.access_denied"),
        "plain-500": ({"do": "status", "code": 500}, "protocol", "http.empty_500"),
        "sealed-page": ({"do": "status", "code": 500, "body": "x", "sealed": True}, "protocol", "http.status"),
        "reset": ({"do": "reset", "action": "Logon"}, "connect", "http.closed"),
        "busy": ({"do": "status", "code": 503, "action": "Logon"}, "protocol", "http.status")}
    HEALING = {"kernel-mode": {"do": "refuse", "nth": 1}, "lapses": {"do": "lapse", "action": "Command", "nth": 1}}

    def test_each_is_told_and_healed_in_place_and_the_others_stay_fresh(self):
        realm = self.realm()
        servers = self.start(realm, {name: {} for name in [*self.SPOILT, *self.HEALING, "good"]},
                             faults=[{"listener": name, **row[0]} for name, row in self.SPOILT.items()] +
                                    [{"listener": name, **fault} for name, fault in self.HEALING.items()])
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            self.wait(lambda: self.ill(agent) == set(self.SPOILT), lambda: f"these to be ill and no others: {self.ill(agent)}\n{agent.log()[-3000:]}")
            others = lab.Others(agent, ["good.example.com"], INTERVAL)
            for name, (_, reason, code) in self.SPOILT.items():
                with self.subTest(name):
                    self.assertEqual(self.codes(agent, name), {(reason, code)})
            for name in self.HEALING:
                self.assertEqual(self.codes(agent, name), set(), "nobody needs to hear of it")
            self.check("plain-500", "http.empty_500", "event log")  # the messages are sealed already
            self.check("reset", "http.closed", f"principal +{logon_lab.CLIENT}@")
            servers.set_faults([])
            rest = {name for name, row in self.SPOILT.items() if row[1] in ("auth", "forbidden")}
            self.wait(lambda: self.ill(agent) <= rest, lambda: f"{self.ill(agent)} to heal\n{agent.log()[-3000:]}")
            self.assertEqual(others.held_up(), [])
            self.assertNotIn(logon_lab.PASSWORD, agent.log())
        self.wait_quiet(servers)

    def test_refusals_at_the_server(self):
        realm = self.realm()
        realm.add("HTTP/second.example.com")  # the server has no key for it
        wrong_bindings = {**logon_lab.TLS, "tls": {**logon_lab.TLS["tls"], "bound": "other.pem"}}
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "other.key", "-out", "other.pem",
                        "-subj", "/CN=other"], cwd=self.folder, check=True, capture_output=True)
        users = {rf"{logon_lab.DOMAIN}\{logon_lab.CLIENT}": "another"}
        self.start(realm, {"spn-owner": {}, "tls-elsewhere": wrong_bindings, "strict": {**logon_lab.TLS, "channel_bindings": "strict"},
                           "ntlm-password": {"keytab": None, "users": users}, "ntlm-https": {**logon_lab.TLS, "keytab": None, "users": users},
                           "only-basic": {"authenticate": ["Basic"], "users": {"x": "y"}}},
                   credentials={name: self.credential(None, "ntlm") for name in ("ntlm-password", "ntlm-https")},
                   endpoints={"spn-owner": {"spn": {"host": "second.example.com"}}, "strict": {"channel_binding": "off"}})
        for name, code, said in (("spn-owner", "auth.ticket_refused", "never the password"), ("tls-elsewhere", "auth.ticket_refused", "binding"),
                                 ("strict", "auth.ticket_refused", "binding"), ("ntlm-password", "auth.refused", "the password"), ("ntlm-https", "auth.refused", "binding"),
                                 ("only-basic", "auth.not_offered", "Basic")):
            with self.subTest(name):
                self.check(name, code, said)

    def check(self, name, code, said="."):
        shown = self.evaluate(name)
        self.assertNotEqual(shown.returncode, 0)
        self.assertIn(code, shown.stdout + shown.stderr)
        self.assertRegex(shown.stdout + shown.stderr, said)

    def test_a_server_whose_clock_is_wrong(self):
        wrong = logon_lab.clock("+10m")
        if wrong is None:
            lab.skip_part("faketime is not installed: no server with a wrong clock")
            return
        realm = self.realm()
        with self.front_end(realm, environment=wrong) as servers:
            self.configure_logon(servers, realm)
            self.check("fe", "auth.ticket_refused", "clock")
            servers.set_listener("fe", {"error_tokens": True})
            self.check("fe", "auth.clock")

    def test_keys_that_change_while_it_runs(self):
        realm = self.realm()
        with self.front_end(realm) as servers:
            self.configure_logon(servers, realm)
            with self.agent() as agent:
                self.wait_up(agent)
                realm.new_key("HTTP/localhost")
                realm.keytab("server.keytab", "HTTP/localhost")  # the old one stays: old tickets go on
                before = servers.status()["logons_ok"]
                servers.set_listener("fe", {"closes": {"behind": 3, "announced": True}})  # anew each time
                self.wait(lambda: servers.status()["logons_ok"] > before + 3, "further logons")
                self.assertEqual(self.ill_count(agent), 0)

    def ill_count(self, agent):
        return sum(1 for value in self.up(agent).values() if not value)


class Kdcs(Logons):
    """What a KDC says, one agent after the other: a realm's KDCs are one setting of a process."""

    ROWS = {"as_error": {12: "auth.policy", 14: "auth.enctype", 18: "auth.account_locked", 37: "auth.clock", 60: "auth.kdc_reply"},
            "tgs_error": {7: "auth.spn_unknown", 8: "auth.spn_duplicate", 12: "auth.policy", 14: "auth.enctype", 37: "auth.clock"}}

    def test_every_error(self):
        realm = self.realm()
        with self.front_end(realm) as servers, kdc.KdcProxy(self.folder, realm.address, skew=900) as proxy:
            self.configure_logon(servers, proxy)
            for exchange, codes in self.ROWS.items():
                for number, code in codes.items():
                    with self.subTest(exchange=exchange, number=number):
                        proxy.as_error = proxy.tgs_error = None
                        setattr(proxy, exchange, number)
                        shown = self.evaluate("fe")
                        self.assertIn(code, shown.stdout + shown.stderr)
            proxy.as_error = proxy.tgs_error = None
            self.assertEqual(self.evaluate("fe").returncode, 0)

    def test_none_and_silence(self):
        realm = self.realm(udp=False)
        with self.front_end(realm, names=("fe", "ntlm"), users=logon_lab.NTLM_USERS, keytab=str(realm.folder / "server.keytab")) as servers, \
             kdc.KdcProxy(self.folder, silent=True) as silent:
            self.configure_logon(servers, realm, kdcs=[kdc.dead_address(), realm.address])
            self.assertEqual(self.evaluate("fe").returncode, 0, "the second one answers")
            self.configure_logon(servers, realm, kdcs=[kdc.dead_address()])
            shown = self.evaluate("fe")
            self.assertRegex(shown.stdout + shown.stderr, r"(?s)tcp: refused.*auth.kdc_unreachable")
            # A KDC that says nothing holds up no others.
            self.configure_logons(servers, {"fe": (self.credential(silent), {}), "ntlm": (self.credential(None, "ntlm"), {})},
                                  settings={"evaluation_interval": f"{INTERVAL}s", "evaluation_timeout": f"{INTERVAL}s"})
            with self.agent() as agent:
                self.wait(agent.ready, "ready")
                self.assertEqual(self.ill(agent), {"fe"})
                others = lab.Others(agent, ["ntlm.example.com"], INTERVAL)
                done = lambda: agent.by_pool("sfb_backup_evaluations_total")["ntlm.example.com"]
                self.wait(lambda: done() > 5, "further evaluations")
                self.assertEqual(others.held_up(), [])
                self.assertLessEqual(self.codes(agent, "fe") ^ {("timeout", "auth.timeout")}, {("connect", "auth.kdc_unreachable")}, "later it is said at once")

    def test_a_wrong_password_is_asked_once(self):
        realm = self.realm()
        with self.front_end(realm) as servers, kdc.KdcProxy(self.folder, realm.address) as proxy:
            self.configure_logon(servers, proxy, password="wrong")
            with self.agent() as agent:
                self.wait_failure(agent, "engine.backoff")
                asked = len(re.findall("PREAUTH_FAILED|Decrypt integrity", realm.log()))
                self.assertLessEqual(asked, 2)
                self.assertEqual({code for _, code in self.codes(agent, "fe")}, {"auth.refused"})
                self.assertEqual(servers.status()["logon_legs"], 0)
                self.write_secret(logon_lab.PASSWORD)
                self.wait_up(agent)
