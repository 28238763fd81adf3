"""Get-CsBackupServiceStatus with the Kerberos ticket of whoever runs it, against the agent with a keytab of MIT's KDC."""

import json
import subprocess
import unittest

import kdc
import lab
from users_test import PROM
from web_test import ATL, Web


def setUpModule():
    if lost := kdc.missing(kdc.TOOLS):
        lab.skip_module(f"not installed: {', '.join(lost)} (deploy/packages test)")


class Ticket(Web):
    def setUp(self):
        super().setUp()
        self.realm = self.enterContext(kdc.Kdc(self.folder))
        self.realm.add("alice", "hunter2")
        keytab = self.realm.service()
        keytab.chmod(0o600)
        self.environment = {"KRB5_CONFIG": str(self.realm.folder / "krb5.conf")}
        self.ccache = f"FILE:{self.realm.kinit('alice', 'hunter2')}"
        # A ticket of this KDC has no groups: whoever is on this machine may ask, once a proof is there.
        self.configure(authorization=json.dumps({"authorization": {"negotiate": {"keytab_file": str(keytab)}}})[1:-1])
        self.users = {"basic_auth_users": {PROM[0]: PROM[2]}}

    def serve(self, **web):
        self.write(json.dumps({**self.users, **web}))
        return self.agent(f"--web.config.file={self.file}", f"--storage.path={self.folder}/state", environment=self.environment)

    def ask(self, agent, *arguments, scheme="http", host="localhost", **environment):
        url = f"{scheme}://{host}:{agent.address.rsplit(':', 1)[1]}"
        return subprocess.run([str(lab.ASK), *(arguments or ("-PoolFqdn", ATL))], capture_output=True, text=True, timeout=lab.WAIT, check=False,
                              env={**self.environment, "SFB_BACKUP_EXPORTER_URL": url, "SFB_BACKUP_EXPORTER_NEGOTIATE": "1",
                                   "KRB5CCNAME": self.ccache, **environment})

    def test_the_ticket_is_a_proof(self):
        with self.serve() as agent:
            without = self.ask(agent, SFB_BACKUP_EXPORTER_NEGOTIATE="0")
            self.assertEqual(without.returncode, 1)
            self.assertIn("SFB_BACKUP_EXPORTER_NEGOTIATE=1", without.stderr)
            for _ in range(2):
                shown = self.ask(agent)
                self.assertEqual((shown.returncode, shown.stdout), (1, ""))
                self.assertIn("access.no_pac", shown.stderr, "the ticket was taken, and says no groups")
                self.assertNotIn("did not prove", shown.stderr)
            self.assertIn("access.no_pac", self.ask(agent, "-PoolFqdn", ATL, "-As", "Json").stderr)
            check = self.ask(agent, "--nagios", "-PoolFqdn", ATL)
            self.assertEqual(check.returncode, 3)
            self.assertIn("SFBBACKUP UNKNOWN - ", check.stdout)

    def test_over_https_it_is_bound_to_the_certificate(self):
        self.client("local", "DNS:localhost")
        (self.certificates / "local.key").chmod(0o600)
        with self.serve(tls_server_config={"cert_file": "local.pem", "key_file": "local.key"}) as agent:
            ca = {"scheme": "https", "SFB_BACKUP_EXPORTER_CA_FILE": str(self.certificates / "ca.pem")}
            self.assertIn("access.no_pac", self.ask(agent, **ca).stderr)

    def test_without_a_ticket_it_says_how_to_get_one(self):
        with self.serve() as agent:
            for wrong in ({"KRB5CCNAME": f"FILE:{self.folder}/none"}, {"host": "127.0.0.1"}):
                shown = self.ask(agent, **wrong)
                self.assertEqual((shown.returncode, shown.stdout), (1, ""))
                self.assertIn("there is no Kerberos ticket for HTTP/", shown.stderr)
                self.assertIn("kinit", shown.stderr)
                check = self.ask(agent, "--nagios", **wrong)
                self.assertEqual(check.returncode, 3)
                self.assertIn("there is no Kerberos ticket for HTTP/", check.stdout)

    def test_somebody_else_who_answers_is_found_out(self):
        stranger = self.realm.service("HTTP/other.example.com", name="other.keytab")
        stranger.chmod(0o600)
        self.configure(authorization=json.dumps({"authorization": {"negotiate": {"keytab_file": str(stranger)}}})[1:-1])
        with self.serve() as agent:
            shown = self.ask(agent)
            self.assertEqual((shown.returncode, shown.stdout), (1, ""))
            self.assertIn("does not take the login", " ".join(shown.stderr.split()))


if __name__ == "__main__":
    unittest.main(verbosity=2)
