"""Servers that want a certificate of the client: whatever form the demand takes, it is said that this agent has none."""

import json
import re
import subprocess
import unittest

import lab
import logon_lab


class ClientCertificates(logon_lab.LogonTest):
    def openssl(self, version):
        """OpenSSL's own server, which demands one. Its URL."""
        server = subprocess.Popen(["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", "pki/server.pem", "-key", "pki/server.key",
                                   "-Verify", "1", version, "-www"], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(lab.stop, server)
        for line in server.stdout:
            if found := re.match(r"ACCEPT 127\.0\.0\.1:(\d+)", line):
                return f"https://localhost:{found.group(1)}/wsman"
        self.fail("openssl s_server does not listen")

    def test_every_form(self):
        realm = self.realm()
        trust = {"tls": {"ca_file": "pki/ca.pem"}}
        forms = ("required", "reset", "not_supported")
        listeners = [{"name": f"{form}-{method}", "tls": {**logon_lab.TLS["tls"], "client_certificate": form}, "authenticate": ["Negotiate", "Basic"],
                      "keytab": str(realm.folder / "server.keytab"), "users": logon_lab.NTLM_USERS} for form in forms for method in ("basic", "kerberos")]
        with self.simulator({"certificate": {"make": "pki", "names": ["localhost"]}, "listeners": listeners,
                             "pools": {"fe.example.com": {}}}, environment=self.nowhere) as servers:
            urls = {row["name"]: servers.url(row["name"]).replace("127.0.0.1", "localhost") for row in listeners}
            urls |= {f"openssl{version}-basic": self.openssl(version) for version in ("-tls1_2", "-tls1_3")}
            credentials = {method: self.credential(realm, method) for method in ("basic", "kerberos")}
            for name, url in urls.items():
                with self.subTest(name):
                    form, method = name.rsplit("-", 1)
                    self.configure_winrm({"fe": {"url": url, **trust}}, {"fe.example.com": "fe"})
                    config = self.folder / "agent.yml"
                    found = json.loads(config.read_text(encoding="utf-8"))
                    found["credentials"] = {"monitoring": credentials[method]}
                    config.write_text(json.dumps(found), encoding="utf-8")
                    shown = self.evaluate()
                    told = " ".join(shown.stderr.split())
                    self.assertEqual(shown.returncode, 1, told)
                    if form == "reset":
                        # It gives no reason: what it may be is in the remedy.
                        self.assertRegex(told, r"reason: connect \((winrm\.lost|http\.closed)\)")
                        self.assertIn("Windows Server 2022 resets a connection of TLS 1.3 where it wants a client certificate", told)
                    else:
                        self.assertIn("reason: tls (tls.client_certificate)", told)
                        self.assertIn("the server wants a client certificate, and this agent has none", told)
            self.wait_quiet(servers)


if __name__ == "__main__":
    unittest.main()
