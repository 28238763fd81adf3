"""Callers with Kerberos tickets of MIT's KDC, judged by curl and by python3-gssapi. That KDC writes no groups: whom a domain controller's
ticket lets in is shown in tests/lab/ad."""

import base64
import json
import os
import re
import signal
import subprocess
import unittest

import kdc
import lab
import logon_lab
from users_test import PROM
from web_test import ATL, Web

NTLM = base64.b64encode(b"NTLMSSP\0\1\0\0\0" + bytes(28)).decode()


def setUpModule():
    global gssapi, wire
    try:
        import gssapi
        import front_end_client as wire
    except ImportError as error:
        lab.skip_module(f"{error} (deploy/packages test)")
    if lost := kdc.missing((*kdc.TOOLS, "curl")):
        lab.skip_module(f"not installed: {', '.join(lost)} (deploy/packages test)")


class Tickets(Web):
    def setUp(self):
        super().setUp()
        environment = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(environment)))
        self.realm = self.enterContext(kdc.Kdc(self.folder))
        self.realm.add("alice", "hunter2")
        self.keytab = self.realm.service()
        self.keytab.chmod(0o600)
        self.ccache = self.realm.kinit("alice", "hunter2")
        os.environ.update({"KRB5_CONFIG": str(self.realm.folder / "krb5.conf"), "KRB5CCNAME": f"FILE:{self.ccache}"})
        os.environ.pop("KRB5RCACHENAME", None)
        self.negotiate()

    def negotiate(self, keytab=None):
        self.configure(authorization=json.dumps({"authorization": {"negotiate": {"keytab_file": str(keytab or self.keytab)}}})[1:-1])

    def agent(self, *arguments, **options):
        return super().agent(f"--storage.path={self.folder}/state", *arguments, **options)

    def with_users(self):
        """Every page needs a proof then."""
        web = self.folder / "users.yml"
        web.write_text(json.dumps({"basic_auth_users": {PROM[0]: PROM[2]}}), encoding="utf-8")
        return self.agent(f"--web.config.file={web}")

    def token(self, bindings=None, service="HTTP@localhost", mechanism=None):
        context = gssapi.SecurityContext(
            name=gssapi.Name(service, gssapi.NameType.hostbased_service), creds=wire.kerberos_credential(self.ccache), usage="initiate",
            mech=mechanism or wire.SPNEGO, flags=wire.FLAGS,
            channel_bindings=gssapi.raw.ChannelBindings(application_data=bindings) if bindings else None)
        return context, base64.b64encode(context.step()).decode()

    def ask(self, agent, token=None, path=f"/api/v1/Get-CsBackupServiceStatus?PoolFqdn={ATL}"):
        """(status, code or body, the schemes and tokens that are offered)"""
        answer = agent.request(path, {"Accept": "application/json", **({} if token is None else {"Authorization": f"Negotiate {token}"})})
        said = answer.json() if answer.headers.get_content_type() in ("application/problem+json", "application/json") else {}
        return answer.status, said.get("code", answer.text), answer.headers.get_all("WWW-Authenticate") or []

    def code(self, agent, token):
        return self.ask(agent, token)[:2]

    def by_curl(self, agent, path, *arguments, environment=None):
        url = f"http://localhost:{agent.address.rsplit(':', 1)[1]}{path}"
        run = subprocess.run(["curl", "-sS", "--max-time", "20", "-4", "-o", self.folder / "body", "-D", self.folder / "head", "-w", "%{http_code}",
                              *arguments, url], env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        return int(run.stdout), (self.folder / "head").read_text(encoding="utf-8"), (self.folder / "body").read_text(encoding="utf-8")


class Callers(Tickets):
    QUERY = f"/api/v1/Get-CsBackupServiceStatus?PoolFqdn={ATL}"

    def test_curl_is_known_and_has_no_groups(self):
        with self.agent() as agent:
            status, head, body = self.by_curl(agent, self.QUERY)
            self.assertEqual(status, 401, body)
            self.assertIn("\nwww-authenticate: negotiate\n", head.lower())
            for _ in range(2):  # a new ticket each time
                status, head, body = self.by_curl(agent, self.QUERY, "--negotiate", "-u", ":")
                self.assertEqual(status, 403, body)
                self.assertIn("access.no_pac", body)
                # The last answer has the proof of the agent's own identity.
                self.assertRegex(head.rsplit("HTTP/1.1", 1)[1], r"(?i)www-authenticate: negotiate [A-Za-z0-9+/=]{40,}")

    def test_several_requests_of_one_connection(self):
        with self.with_users() as agent:
            port = agent.address.rsplit(":", 1)[1]
            run = subprocess.run(["curl", "-sS", "-4", "--negotiate", "-u", ":", "-o", "/dev/null", "-o", "/dev/null", "-o", "/dev/null", "-w",
                                  "%{http_code} %{num_connects}\n", *(f"http://localhost:{port}{path}" for path in ("/metrics", "/-/healthy", "/metrics"))],
                                 capture_output=True, text=True, check=True)
            self.assertEqual(run.stdout, "200 1\n200 0\n200 0\n")

    def test_a_ticket_opens_what_a_password_opens(self):
        with self.with_users() as agent:
            status, head, _ = self.by_curl(agent, "/metrics")
            self.assertEqual(status, 401)
            self.assertRegex(head.lower(), "(?s)www-authenticate: basic .*www-authenticate: negotiate\n")
            self.assertEqual(self.by_curl(agent, "/metrics", "-u", ":".join(PROM[:2]))[0], 200)
            self.assertEqual(self.by_curl(agent, "/metrics", "--negotiate", "-u", ":")[0], 200)
            # A page is made at most once a second.
            good = lambda: re.search(r'logins_total\{result="good"\} (\d+)', self.by_curl(agent, "/metrics", "--negotiate", "-u", ":")[2])
            self.wait(lambda: int(good()[1]) >= 3, "three good logins")

    def test_the_agent_proves_itself_too(self):
        with self.with_users() as agent:
            for mechanism in (wire.SPNEGO, wire.KERBEROS):
                context, token = self.token(mechanism=mechanism)
                status, _, offered = self.ask(agent, token, "/metrics")
                self.assertEqual(status, 200)
                context.step(base64.b64decode(offered[0].removeprefix("Negotiate ")))
                self.assertTrue(context.complete)

    def test_a_token_is_good_once_also_behind_a_restart(self):
        _, token = self.token()
        with self.agent() as agent:
            self.assertEqual(self.code(agent, token), (403, "access.no_pac"))
            self.assertEqual(self.code(agent, token), (401, "access.replay"))
        with self.agent() as agent:
            self.assertEqual(self.code(agent, token), (401, "access.replay"))
        self.assertTrue(list((self.folder / "state").glob("*rcache*")), "it lies in the folder of the state")

    def test_ntlm_is_told_the_name(self):
        with self.agent() as agent:
            status, head, body = self.by_curl(agent, self.QUERY, "-H", f"Authorization: Negotiate {NTLM}")
            self.assertEqual(status, 401, head)
            self.assertIn("access.ntlm", body)
            shown = " ".join(body.split())
            self.assertIn("ask for localhost, fully qualified", shown)
            self.assertIn("setspn -S HTTP/localhost", shown)

    def test_no_token_of_kerberos(self):
        with self.agent() as agent:
            for token in ("", "!", "AAAA", base64.b64encode(b"\x60\x06\x06\x04\x2b\x06\x01\x05").decode(), "Y" * 60000):
                status, code, offered = self.ask(agent, token)
                self.assertEqual((status, code), (401, "access.not_kerberos"), token[:20])
                self.assertIn("Negotiate", offered)
            answer = agent.request("/metrics", {"Authorization": "Negotiate " + "Y" * 70000})
            self.assertEqual(answer.status, 431)

    def test_bindings_of_another_connection(self):
        with self.served() as agent:
            bound = wire.end_point(self.certificates / "good.pem")
            for bindings, code in ((bound, "access.no_pac"), (None, "access.no_pac"), (bound[:-1] + b"x", "access.bindings")):
                _, token = self.token(bindings=bindings)
                _, status, body = self.curl(agent, self.QUERY, "-H", f"Authorization: Negotiate {token}")
                self.assertEqual(status, 401 if code == "access.bindings" else 403, body)
                self.assertIn(code, body)

    def test_clocks(self):
        with self.agent() as agent:
            environment = logon_lab.clock("+10m")
            if environment is None:
                self.skipTest("faketime is not installed (deploy/packages test)")
            self.realm.kvno("HTTP/localhost", self.ccache)  # the KDC would refuse that clock, too
            status, _, body = self.by_curl(agent, self.QUERY, "--negotiate", "-u", ":", environment=environment)
            self.assertEqual(status, 401, body)
            self.assertIn("access.clock", body)

    def test_nobody_who_is_refused_is_named_in_the_log(self):
        _, token = self.token()
        with self.agent() as agent:
            self.ask(agent, token)
            self.ask(agent, token)
            log = self.wait(lambda: "logins refused" in agent.log() and agent.log(), "the line about logins")
            self.assertRegex(log, r"last_ticket=.*this token was used before")
            self.assertNotIn(token[:60], log)


class Keys(Tickets):
    def test_a_new_key_counts_at_once(self):
        with self.agent() as agent:
            self.assertEqual(self.code(agent, self.token()[1])[0], 403)
            self.realm.new_key("HTTP/localhost")
            old = self.token()[1]  # of the ticket in the cache
            self.ccache = self.realm.kinit("alice", "hunter2")
            new = self.token()[1]
            self.assertEqual(self.code(agent, new), (401, "access.keytab_old"))
            self.realm.keytab("server.keytab", "HTTP/localhost")
            self.assertEqual(self.code(agent, self.token()[1]), (403, "access.no_pac"))
            self.assertEqual(self.code(agent, old), (403, "access.no_pac"))

    def test_a_reload_names_another_file(self):
        self.realm.new_key("HTTP/localhost")
        self.ccache = self.realm.kinit("alice", "hunter2")
        with self.agent() as agent:
            self.assertEqual(self.code(agent, self.token()[1]), (401, "access.keytab_old"))
            self.negotiate(self.realm.keytab("renewed.keytab", "HTTP/localhost"))
            agent.signal(signal.SIGHUP)
            self.wait(lambda: self.code(agent, self.token()[1]) == (403, "access.no_pac"), "the new keys")
            self.configure(authorization="authorization: {allow_anonymous: none}")
            agent.signal(signal.SIGHUP)
            self.wait(lambda: self.ask(agent)[2] == [], "nothing to be offered")

    def test_what_the_agent_lacks(self):
        with self.agent() as agent:
            moved = self.keytab.rename(self.folder / "moved.keytab")
            self.assertEqual(self.code(agent, self.token()[1]), (503, "access.keytab"))
            moved.rename(self.keytab)
            self.assertEqual(self.code(agent, self.token()[1])[0], 403)
        nowhere = {"KRB5RCACHEDIR": str(self.folder / "nowhere")}
        with self.agent(environment=nowhere) as agent:
            self.assertEqual(self.code(agent, self.token()[1]), (503, "access.replay_cache"))

    def test_the_configuration_looks_at_the_file(self):
        def checked():
            run = subprocess.run([lab.AGENT, f"--config.file={self.folder}/agent.yml", "--config.check"], capture_output=True, text=True,
                                 timeout=lab.WAIT, check=False)
            return run.returncode, run.stdout + run.stderr

        self.assertEqual(checked()[0], 0, checked())
        self.keytab.chmod(0o644)
        self.assertIn("has mode 0644: others may read the key", checked()[1])
        self.keytab.chmod(0o600)
        for name, content in (("empty", b""), ("none", b"no keytab"), ("keyless", b"\5\2")):
            path = self.folder / f"{name}.keytab"
            path.write_bytes(content)
            path.chmod(0o600)
            self.negotiate(path)
            code, said = checked()
            self.assertNotEqual(code, 0, said)
            self.assertRegex(said, rf"agent\.yml:\d+:\d+: authorization\.negotiate\.keytab_file: no key can be taken from the keytab \"{path}\"")
        self.negotiate(self.folder / "absent.keytab")
        self.assertIn("authorization.negotiate.keytab_file: there is no such file", checked()[1])
        self.realm.add("HTTP/weak.example.com", enctypes=kdc.RC4)
        weak = self.realm.keytab("weak.keytab", "HTTP/weak.example.com")
        weak.chmod(0o600)
        self.negotiate(weak)
        code, said = checked()
        self.assertEqual(code, 0, said)
        self.assertIn("has a key of RC4 or DES", said)


if __name__ == "__main__":
    unittest.main()
