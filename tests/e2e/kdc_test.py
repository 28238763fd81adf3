"""The lab's KDC itself: tickets, keys, what goes wrong. Its Kerberos is MIT's own, so a failure here is the lab's."""

import subprocess

import kdc
import lab


def setUpModule():
    if lost := kdc.missing():
        lab.skip_module(f"not installed: {', '.join(lost)} (deploy/packages test)")


class Tickets(lab.LabTest):
    def refused(self, realm, *arguments, **options):
        with self.assertRaises(AssertionError) as caught:
            realm.kinit(*arguments, **options)
        return str(caught.exception)

    def test_password_keytab_and_service(self):
        with kdc.Kdc(self.folder) as realm:
            realm.add("svc-sfbmon", "hunter2")
            realm.service("HTTP/localhost")
            by_password = realm.kinit("svc-sfbmon", "hunter2")
            self.assertEqual(realm.kvno("HTTP/localhost", by_password), 1)
            by_keytab = realm.kinit("svc-sfbmon", keytab=realm.keytab("client.keytab", "svc-sfbmon"), ccache=self.folder / "keytab.ccache")
            realm.new_key("HTTP/localhost")
            self.assertEqual(realm.kvno("HTTP/localhost", by_keytab), 2)
            self.assertIn("not found in Kerberos database", self.no_service(realm, by_keytab))
            realm.stop()
            self.assertIn("Cannot contact any KDC", self.refused(realm, "svc-sfbmon", "hunter2"))
            realm.start()
            realm.kinit("svc-sfbmon", "hunter2")

    def no_service(self, realm, ccache):
        with self.assertRaises(AssertionError) as caught:
            realm.kvno("HTTP/elsewhere.example.com", ccache)
        return str(caught.exception)

    def test_accounts_that_something_is_wrong_with(self):
        with kdc.Kdc(self.folder) as realm:
            for name, change, said in (("wrong", None, "Password incorrect"), ("disabled", "-allow_tix", "revoked"),
                                       ("ended", "-expire yesterday", "Client's entry in database has expired"),
                                       ("stale", "-pwexpire yesterday", "Password expired")):
                realm.add(name, "hunter2")
                if change:
                    realm.change(name, change)
                self.assertIn(said, self.refused(realm, name, "wrong" if name == "wrong" else "hunter2"), name)
            self.assertIn("not found in Kerberos database", self.refused(realm, "nobody", "hunter2"))

    def test_enctypes(self):
        for enctypes, name in ((kdc.AES_SHA2, "aes256-cts-hmac-sha384-192"), (kdc.RC4, "arcfour-hmac")):
            with kdc.Kdc(self.folder / name, enctypes=enctypes) as realm:
                realm.add("svc-sfbmon", "hunter2")
                realm.service("HTTP/localhost")
                ccache = realm.kinit("svc-sfbmon", "hunter2")
                realm.kvno("HTTP/localhost", ccache)
                shown = subprocess.run(["klist", "-e", f"FILE:{ccache}"], env=realm.environment(), capture_output=True, text=True, check=True).stdout
                self.assertIn(name, shown)

    def test_what_a_proxy_says(self):
        with kdc.Kdc(self.folder, udp=False) as realm, kdc.KdcProxy(self.folder, realm.address) as proxy:
            realm.add("svc-sfbmon", "hunter2")
            realm.service("HTTP/localhost")
            ccache = proxy.kinit("svc-sfbmon", "hunter2")
            self.assertEqual(proxy.kvno("HTTP/localhost", ccache), 1)
            self.assertGreaterEqual(proxy.asked["AS"], 1)
            self.assertEqual(proxy.asked["TGS"], 1)
            for code, said in ((12, "policy rejects"), (14, "no support for encryption type"), (18, "revoked")):
                proxy.as_error = code
                self.assertIn(said, self.refused(proxy, "svc-sfbmon", "hunter2"))
            proxy.as_error, proxy.tgs_error = None, 8
            ccache = proxy.kinit("svc-sfbmon", "hunter2")
            with self.assertRaisesRegex(AssertionError, "multiple entries"):
                proxy.kvno("HTTP/localhost", ccache)
