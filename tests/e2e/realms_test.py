"""What a directory may look like beyond one realm and a password: a trust, a smart card on demand, a service account with a keytab; and when
certificates and tickets end."""

import datetime
import re
import signal
import subprocess
import unittest

import kdc
import lab
import logon_lab

THERE, FRONT_END = "CORP.EXAMPLE.COM", "fe.corp.example.com"


class Realms(logon_lab.LogonTest):
    def conf(self, name, lines):
        path = self.folder / name
        path.write_text("\n".join(["[libdefaults]", "dns_lookup_kdc = false", "dns_lookup_realm = false", *lines, ""]), encoding="utf-8")
        return {"KRB5_CONFIG": str(path)}

    def test_a_trust(self):
        """The account is of one realm, the front end of another; the account's KDC refers to it."""
        home = self.realm(service="HTTP/other.example.com")
        there = self.enterContext(kdc.Kdc(self.folder / "there", realm=THERE))
        there.service(f"HTTP/{FRONT_END}")
        for one in (home, there):
            one.add(f"krbtgt/{THERE}@{home.realm}", "both-know-this")
        # As a global catalog does: whose the name is, the KDC knows.
        text = kdc.krb5_conf(home.realm, (home.address,), hosts=())
        (home.folder / "krb5.conf").write_text(text + f"  {FRONT_END} = {THERE}\n", encoding="utf-8")
        home.stop()
        home.start()
        known = self.conf("known.conf", ["[realms]", f"{THERE} = {{", f"kdc = {there.address}", "}"])
        with self.front_end(there) as servers:
            self.configure_logon(servers, home, endpoint={"spn": {"host": FRONT_END}})
            shown = self.evaluate(environment=known)
            self.assertEqual(shown.returncode, 0, shown.stderr + home.log()[-2000:])
            self.assertEqual(servers.status()["last_logon"]["method"], "kerberos")
            self.assertIn(f"{logon_lab.CLIENT}@{home.realm}", servers.status()["last_logon"]["user"])
            # Nothing says where that realm's KDCs are.
            shown = self.evaluate(environment=self.conf("unknown.conf", []))
            self.assertEqual(shown.returncode, 1, shown.stderr)
            self.assertIn("auth.kdc_unknown", shown.stderr)
            self.assertIn(THERE, " ".join(shown.stderr.split()))

    def test_a_proof_that_no_password_gives(self):
        """A KDC that wants a smart card, or armoring. It is no word about the password, and locks nothing. (MIT's KDC can demand the card alone;
        armoring is an error of its own, 12, in logon_test.)"""
        realm = self.realm()
        realm.change(logon_lab.CLIENT, "+requires_preauth")
        realm.change(logon_lab.CLIENT, "+requires_hwauth")
        with self.front_end(realm) as servers:
            self.configure_logon(servers, realm)
            shown = self.evaluate()
            self.assertEqual(shown.returncode, 1, shown.stderr)
            told = " ".join(shown.stderr.split())
            self.assertIn("reason: protocol (auth.preauth)", told)
            self.assertIn("armoring (FAST)", told)
            self.assertEqual(servers.status()["logons_failed"], 0)

    def test_a_service_account_with_a_keytab(self):
        """As a managed one: its name ends in `$`, nobody knows its password, and its key changes by itself."""
        realm = self.realm()
        realm.add("gmsa-sfb$")
        keytab = realm.keytab("gmsa.keytab", "gmsa-sfb$")
        for name in ("gmsa-sfb$", r"LITWAREINC\gmsa-sfb$", f"gmsa-sfb$@{realm.realm}"):
            with self.subTest(name), self.front_end(realm) as servers:
                self.configure_logon(servers, realm, username=name, keytab_file=keytab)
                shown = self.evaluate()
                self.assertEqual(shown.returncode, 0, shown.stderr)
                self.assertIn(f"gmsa-sfb$@{realm.realm}", servers.status()["last_logon"]["user"])
        with self.front_end(realm) as servers:
            self.configure_logon(servers, realm, username="gmsa-sfb$", keytab_file=keytab)
            realm.new_key("gmsa-sfb$")
            shown = self.evaluate()
            self.assertEqual(shown.returncode, 1, shown.stderr)
            self.assertIn("auth.keytab_refused", shown.stderr)
            realm.keytab("gmsa.keytab", "gmsa-sfb$")
            self.assertEqual(self.evaluate().returncode, 0, "its program wrote the new key")


class Ends(logon_lab.LogonTest):
    CERTIFICATE = 'sfb_backup_endpoint_certificate_expiry_timestamp_seconds{endpoint="fe"}'
    TICKET = 'sfb_backup_endpoint_ticket_expiry_timestamp_seconds{endpoint="fe"}'

    def seconds(self, text, form):
        return datetime.datetime.strptime(text, form).replace(tzinfo=datetime.timezone.utc).timestamp()

    def test_they_are_right_and_go_with_their_endpoint(self):
        realm = self.realm()
        ccache = realm.kinit(logon_lab.CLIENT, logon_lab.PASSWORD)
        listed = kdc.run(["klist", "-c", ccache], realm.environment(TZ="UTC", LC_ALL="C"))
        # 11/29/26 04:13:21  krbtgt/...: when it begins, when it ends.
        ticket = self.seconds(re.search(r"\S+ \S+  (\S+ \S+)  krbtgt/", listed).group(1), "%m/%d/%y %H:%M:%S")
        with self.front_end(realm, **logon_lab.TLS) as servers, self.front_end_elsewhere(realm) as plain:
            printed = subprocess.run(["openssl", "x509", "-in", "pki/server.pem", "-noout", "-enddate"], cwd=self.folder, capture_output=True, text=True,
                                     check=True).stdout.strip()
            certificate = self.seconds(printed.removeprefix("notAfter="), "%b %d %H:%M:%S %Y GMT")
            self.configure_logon(servers, realm, ccache=f"FILE:{ccache}")
            with self.agent() as agent:
                self.wait_up(agent)
                self.assertEqual(agent.value(self.CERTIFICATE), certificate)
                self.assertEqual(agent.value(self.TICKET), ticket)
                # Another server: without TLS, and logged on to without a ticket.
                self.configure_logon(plain, method="ntlm")
                agent.signal(signal.SIGHUP)
                self.wait(lambda: agent.value(self.CERTIFICATE) is None and agent.value(self.TICKET) is None, "the old series to go")
                there = [plain.url("fe").replace("127.0.0.1", "localhost")]
                named = lambda: [dict(labels)["url"] for labels in agent.series("sfb_backup_endpoint_front_end")]
                self.wait(lambda: named() == there and self.up(agent) == {"fe.example.com": 1}, lambda: f"the new one to answer: {named()}")
                self.assertEqual((agent.value(self.CERTIFICATE), agent.value(self.TICKET)), (None, None))

    def front_end_elsewhere(self, realm):
        scenario = {"listeners": [{"name": "fe", "authenticate": ["Negotiate"], "users": logon_lab.NTLM_USERS}], "pools": {"fe.example.com": {}}}
        return lab.Simulator(self.folder, scenario, name="plain", environment=self.nowhere)


if __name__ == "__main__":
    unittest.main()
