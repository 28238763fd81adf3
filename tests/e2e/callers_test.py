"""Who may ask: users with groups, tokens and client certificates, allowed and denied, as the files change; and no secret anywhere.
Judged by curl."""

import base64
import json
import signal
import struct
import unittest

import lab
from users_test import PROM, DESK, Users

ATL = "atl.example.com"
QUERY = f"/api/v1/Get-CsBackupServiceStatus?PoolFqdn={ATL}"
ADMINS = "RTCUniversalServerAdmins"
TOKEN = "canary-token-0123456789"
OTHER = "canary-other-0123456789"


class Callers(Users):
    def authorize(self, **authorization):
        self.configure(authorization="authorization: " + json.dumps({"allow_anonymous": "none", **authorization}))

    def token(self, name, text, mode=0o600):
        path = self.folder / name
        new = path.with_suffix(".new")
        new.touch(mode=mode)
        new.write_text(text + "\n", encoding="utf-8")
        new.replace(path)
        return str(path)

    def keytab(self, key, name="door.keytab"):
        """A file with this key (32 bytes, AES) of HTTP/localhost."""
        counted = lambda text: struct.pack(">H", len(text)) + text
        entry = struct.pack(">H", 2) + counted(b"EXAMPLE.COM") + counted(b"HTTP") + counted(b"localhost") + struct.pack(">IIBH", 1, 0, 1, 18) + counted(key)
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_bytes(b"\x05\x02" + struct.pack(">i", len(entry)) + entry)
        return str(path)

    def authorize_all(self, key, password, **authorization):
        """The same with tickets, by a keytab with this key, and with a directory, which is asked with this password and is down."""
        self.write_secret(password, "directory")
        sections = {"authorization": {"allow_anonymous": "none", "negotiate": {"keytab_file": self.keytab(key)},
                                      "directory": {"servers": [f"localhost:{lab.free_port()}"], "credentials": "gc"}, **authorization},
                    "credentials": {"gc": {"method": "kerberos", "username": "svc", "realm": "EXAMPLE.COM", "kdcs": ["127.0.0.1"],
                                           "password_file": "directory.password"}}}
        self.configure(authorization="\n".join(f"{name}: {json.dumps(keys)}" for name, keys in sections.items()))

    def lines_of_key(self):
        """Of the server's private key, as its file has them."""
        return [line for line in (self.certificates / "good.key").read_text(encoding="ascii").splitlines() if not line.startswith("-")]

    def reload(self, agent):
        before = agent.log().count("configuration reloaded")
        agent.process.send_signal(signal.SIGHUP)
        self.wait(lambda: agent.log().count("configuration reloaded") > before, "the reload")

    def status_of(self, agent, path, *how, **more):
        return self.curl(agent, path, *how, **more)[1]

    def bearer(self, token):
        return ("-H", f"Authorization: Bearer {token}")


class Groups(Callers):
    def test_a_user_is_denied_then_added(self):
        self.authorize(users={"prom": ["Others"]})
        self.users(PROM, DESK)
        prom, desk = (("-u", ":".join(user[:2])) for user in (PROM, DESK))
        with self.served() as agent:
            for who in (prom, desk):
                code, status, body = self.curl(agent, QUERY, *who)
                self.assertEqual((code, status), (0, 403), body)
                self.assertIn("is in none of the groups RTCUniversalServerAdmins", " ".join(body.split()))
                self.assertEqual(self.status_of(agent, "/metrics", *who), 200)
            self.wait_logged(agent, "none of its groups may run the cmdlet")
            self.authorize(users={"prom": ["others"]}, authorized_universal_groups=["OTHERS"])
            self.reload(agent)
            self.assertEqual(self.status_of(agent, QUERY, *prom), 200)
            self.assertEqual(self.status_of(agent, QUERY, *desk), 403)
            self.authorize(users={"desk": [ADMINS]})
            self.reload(agent)
            self.assertEqual(self.status_of(agent, QUERY, *prom), 403)
            self.assertEqual(self.status_of(agent, QUERY, *desk), 200)
            self.wait_logged(agent, "user=desk proof=password peer=127.0.0.1 cmdlet=Get-CsBackupServiceStatus")

    def test_both_files_change_at_once(self):
        """The old configuration beside the new web configuration is no news."""
        self.authorize(users={"prom": [ADMINS]})
        self.users(PROM)
        with self.served() as agent:
            self.authorize(users={"desk": [ADMINS], "nobody": [ADMINS]})
            self.users(DESK)
            agent.process.send_signal(signal.SIGHUP)  # no request, which would make it look at the web configuration alone
            doubt = "authorization.users.nobody: basic_auth_users of the web configuration has no such user"
            self.wait(lambda: doubt in agent.log(), "the doubt")
            self.assertNotIn("users.prom", agent.log())

    def test_mistakes_are_told_by_the_check(self):
        self.authorize(users={"nobody": [ADMINS]}, certificates={"grafana.example.com": [ADMINS]})
        self.users(PROM)
        shown = self.agent_alone("--config.check", f"--web.config.file={self.file}")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("authorization.users.nobody: basic_auth_users of the web configuration has no such user", shown.stderr)
        self.assertIn("authorization.certificates: the web configuration verifies no client certificate", shown.stderr)
        pushed = {"endpoints": {"inbox": {"transport": "push", "from": {"users": ["nobody"], "principals": ["FE$@EXAMPLE.COM"]}}},
                  "pools": [{"fqdn": "atl.example.com", "endpoint": "inbox", "paired_pool": "chi.example.com", "site": "lab"}]}
        (self.folder / "agent.yml").write_text(json.dumps(pushed), encoding="utf-8")
        shown = self.agent_alone("--config.check", f"--web.config.file={self.file}")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("endpoints.inbox.from.users: basic_auth_users of the web configuration has no user nobody", shown.stderr)
        self.assertIn("endpoints.inbox.from.principals: without authorization.negotiate no ticket is looked at", shown.stderr)
        readable = self.token("a.token", TOKEN, mode=0o644)
        self.authorize(tokens=[{"name": "a", "token_file": readable, "groups": [ADMINS]}])
        self.assertIn("mode 0644: others may read the token", self.agent_alone("--config.check").stderr)
        self.authorize(tokens=[{"name": name, "token_file": self.token(f"{name}.token", TOKEN), "groups": [ADMINS]} for name in "ab"])
        shown = self.agent_alone("--config.check")
        self.assertEqual(shown.returncode, 1)
        self.assertIn('holds the token of "a"', shown.stderr)
        self.assertNotIn("canary", shown.stderr + shown.stdout)


class Tokens(Callers):
    def test_a_token_opens_what_its_groups_open_until_its_file_changes(self):
        self.authorize(tokens=[{"name": "grafana", "token_file": self.token("a.token", TOKEN), "groups": [ADMINS]}])
        with self.served("--log.level=debug") as agent:
            code, status, body = self.curl(agent, QUERY, "-i")
            self.assertEqual((code, status), (0, 401), body)
            self.assertIn('www-authenticate: bearer realm="sfb_backup_exporter"', body.lower())
            self.assertEqual(self.status_of(agent, QUERY, *self.bearer(TOKEN)), 200)
            self.assertEqual(self.status_of(agent, QUERY, *self.bearer(OTHER)), 401)
            self.assertEqual(self.status_of(agent, "/metrics"), 200)
            self.token("a.token", OTHER)
            self.wait(lambda: self.status_of(agent, QUERY, *self.bearer(OTHER)) == 200, "the new token")
            self.assertEqual(self.status_of(agent, QUERY, *self.bearer(TOKEN)), 401)
            self.authorize()
            self.reload(agent)
            self.assertEqual(self.status_of(agent, QUERY, *self.bearer(OTHER)), 403)

    def test_a_token_is_a_proof_where_there_are_users(self):
        self.authorize(tokens=[{"name": "grafana", "token_file": self.token("a.token", TOKEN), "groups": [ADMINS]}])
        self.users(PROM)
        with self.served() as agent:
            self.assertEqual(self.status_of(agent, "/metrics"), 401)
            self.assertEqual(self.status_of(agent, "/metrics", *self.bearer(TOKEN)), 200)
            self.assertEqual(self.status_of(agent, "/metrics", "-u", ":".join(PROM[:2])), 200)
            self.assertEqual(self.status_of(agent, QUERY, "-u", ":".join(PROM[:2])), 403)
            file = self.folder / "client.token"
            file.write_text(TOKEN + "\n", encoding="utf-8")
            shown = self.command(agent, TOKEN_FILE=file)
            self.assertEqual(shown.returncode, 0, shown.stderr)

    def test_no_secret_is_anywhere(self):
        key = b"canary-keytab-0123456789-abcdefg"
        self.authorize_all(key, "canary-directory-0123456789", users={"prom": [ADMINS]},
                           tokens=[{"name": "grafana", "token_file": self.token("a.token", TOKEN), "groups": [ADMINS]}])
        self.users(PROM)
        secrets = (TOKEN, OTHER, PROM[1], PROM[2], PROM[2][7:29], "canary", key.hex(), base64.b64encode(key).decode().strip("="), *self.lines_of_key())
        with self.served("--log.level=debug", "--web.enable-lifecycle") as agent:
            failed = 'sfb_backup_exporter_group_lookups_total{outcome="failed"}'
            prom = ("-u", ":".join(PROM[:2]))
            self.wait(lambda: f"{failed} 1" in self.curl(agent, "/metrics", *prom)[2], "a look-up that fails")
            shown = []
            for how in (self.bearer(TOKEN), self.bearer(OTHER), self.bearer(OTHER + " x"), ("-u", ":".join(PROM[:2])),
                        ("-u", f"prom:{OTHER}"), ("-u", f"{OTHER}:x"), ("-H", f"Authorization: Digest {OTHER}")):
                for path in ("/", "/metrics", "/config", "/api/v1/pools", f"/api/v1/pools/{ATL}", f"/api/v1/history?PoolFqdn={ATL}",
                             "/api/v1/pairs", "/api/v1/openapi.json", "/http_sd", f"/probe?target={ATL}&debug=true", QUERY,
                             QUERY + "&as=json", f"/pools/{ATL}", "/pools/nowhere.example.com", "/assets/nothing", "/-/healthy", "/-/ready", "/nowhere"):
                    shown.append(self.curl(agent, path, "-i", *how)[2])
                shown.append(self.curl(agent, "/events?seen=nothing", "-i", *how)[2])
                shown.append(self.curl(agent, f"/api/v1/exports/{ATL}", "-i", "-X", "PUT", "--data-binary", "x", "-H", "Content-Type: text/xml", *how)[2])
            shown.append(self.curl(agent, "/-/reload", "-X", "POST", *self.bearer(TOKEN))[2])
            self.token("a.token", "canary")
            shown.append(self.curl(agent, "/-/reload", "-X", "POST", "-u", ":".join(PROM[:2]))[2])
            self.assertIn("holds fewer than 16 characters", shown[-1])
            shown.append(agent.log())
            for secret in secrets:
                for text in shown:
                    self.assertNotIn(secret, text)


class Certificates(Callers):
    def test_a_name_of_a_verified_certificate_gives_groups(self):
        self.client("other", "DNS:other.example.com")
        self.authorize(certificates={"Prometheus.example.com": [ADMINS]})
        self.write(client_auth_type="VerifyClientCertIfGiven", client_ca_file="ca.pem")
        with self.served() as agent:
            self.assertEqual(self.status_of(agent, QUERY, client="client"), 200)
            self.assertEqual(self.status_of(agent, QUERY, client="other"), 403)
            self.assertEqual(self.status_of(agent, QUERY), 403)
            self.assertEqual(self.status_of(agent, "/metrics"), 200)
            self.wait_logged(agent, "user=Prometheus.example.com proof=certificate peer=127.0.0.1 cmdlet=")
            self.authorize(certificates={"other.example.com": [ADMINS]})
            self.reload(agent)
            self.assertEqual(self.status_of(agent, QUERY, client="other"), 200)
            self.assertEqual(self.status_of(agent, QUERY, client="client"), 403)

    def test_one_that_nobody_verified_proves_nothing(self):
        self.authorize(certificates={"prometheus.example.com": [ADMINS]})
        self.write(client_auth_type="RequireAnyClientCert")
        with self.served() as agent:
            self.assertEqual(self.status_of(agent, QUERY, client="client"), 403)
            self.wait_logged(agent, "verifies no client certificate")


if __name__ == "__main__":
    unittest.main()
