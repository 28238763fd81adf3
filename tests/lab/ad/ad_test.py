"""The directory lab itself: what its accounts, keys and enctypes do to MIT's own programs. A failure here is the lab's."""

import pathlib
import re
import subprocess
import sys

import ad
import kdc
import lab

NSS_WRAPPER = pathlib.Path("/usr/lib/x86_64-linux-gnu/libnss_wrapper.so")


def setUpModule():
    if reason := ad.why_not():
        lab.skip_module(reason)


class Self(lab.LabTest):
    """One DC for all of it."""

    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(lab.tempfile.mkdtemp(prefix="sfb-ad-"))
        cls.addClassCleanup(lab.shutil.rmtree, cls.home, ignore_errors=True)
        cls.ad = cls.enterClassContext(ad.Directory(cls.home))

    def refused(self, act, *arguments, **options):
        with self.assertRaises(AssertionError) as caught:
            act(*arguments, **options)
        return str(caught.exception)

    def shown(self, ccache):
        return subprocess.run(["klist", "-e", f"FILE:{ccache}"], env=self.ad.environment(), capture_output=True, text=True, check=True).stdout

    def test_password_keytab_cache(self):
        ccache = self.ad.kinit("svc-sfbmon", ad.PASSWORD)
        self.assertGreaterEqual(self.ad.kvno("HTTP/localhost", ccache), 1)
        keytab = self.ad.keytab("client.keytab", "svc-sfbmon")
        again = self.ad.kinit("svc-sfbmon", keytab=keytab, ccache=self.folder / "by-keytab")
        self.assertGreaterEqual(self.ad.kvno("WSMAN/localhost", again), 1)
        self.assertIn("not found in Kerberos database", self.refused(self.ad.kvno, "HTTP/elsewhere.litwareinc.com", again))

    def test_accounts_that_something_is_wrong_with(self):
        self.ad.lock()
        for account, said in (("wrong-password", "Password incorrect|Preauthentication failed"), ("disabled", "revoked"), ("expired", "revoked|expired"),
                              ("must-change", "Password expired|expired"), ("locked", "revoked"), ("nobody", "not found in Kerberos database")):
            with self.subTest(account):
                self.assertRegex(self.refused(self.ad.kinit, account, "Wrong-1" if account == "wrong-password" else ad.PASSWORD), said)
        self.assertEqual((self.ad.bad_passwords("wrong-password"), self.ad.bad_passwords("svc-sfbmon")), (1, 0))
        self.assertIn("NT_STATUS_WRONG_PASSWORD", self.ad.log())
        self.assertIn("NT_STATUS_ACCOUNT_LOCKED_OUT", self.ad.log())

    def test_names(self):
        self.ad.kinit("sfb.monitor@example.net", ad.PASSWORD, self.folder / "upn", options=["-E"])
        self.assertIn("other-upn", self.shown(self.folder / "upn").lower() + self.ad.log())
        said = self.refused(self.ad.kinit, "svc-sfbmon@litwareinc.com", ad.PASSWORD)
        self.assertRegex(said, "Cannot find KDC|did not match expectations")

    def test_enctypes(self):
        ccache = self.ad.kinit("svc-sfbmon", ad.PASSWORD)
        for spn, name in (("HTTP/rc4.litwareinc.com", "arcfour-hmac"), ("HTTP/aes.litwareinc.com", "aes256-cts-hmac-sha1-96")):
            self.ad.kvno(spn, ccache)
            self.assertRegex(self.shown(ccache), rf"{spn}@.*\n.*Etype \(skey, tkt\): .*{name}, .*{name}")
        old = self.ad.kinit("only-rc4", ad.PASSWORD)
        self.assertRegex(self.shown(old), r"krbtgt.*\n.*skey, tkt\): .*, aes256")
        conf = self.folder / "aes.conf"
        conf.write_text(kdc.krb5_conf(ad.REALM, [self.ad.address], permitted_enctypes="aes256-cts-hmac-sha1-96"), encoding="utf-8")
        self.assertIn("no support for encryption type", self.refused(self.ad.kinit, "only-rc4", ad.PASSWORD, conf=conf))

    def test_keys_that_change(self):
        before = self.ad.keytab("old.keytab", "changing")
        self.ad.kinit("changing", keytab=before, ccache=self.folder / "before")
        service = self.ad.keytab("service.keytab", "HTTP/changing.litwareinc.com")
        number = self.ad.kvno("HTTP/changing.litwareinc.com", self.folder / "before")
        self.ad.new_password("changing", "An0ther-one")
        self.ad.new_password("fe-changing", "An0ther-one")
        self.assertRegex(self.refused(self.ad.kinit, "changing", keytab=before, ccache=self.folder / "after"), "Password incorrect|Preauthentication failed")
        self.ad.kinit("changing", "An0ther-one", self.folder / "after")
        self.assertEqual(self.ad.kvno("HTTP/changing.litwareinc.com", self.folder / "after"), number + 1)
        self.ad.keytab("service.keytab", "HTTP/changing.litwareinc.com")
        listed = subprocess.run(["klist", "-k", service], capture_output=True, text=True, check=True).stdout
        self.assertEqual({int(line.split()[0]) for line in listed.splitlines() if "HTTP/" in line}, {number, number + 1})

    def test_ldap(self):
        if not NSS_WRAPPER.exists():
            lab.skip_part("libnss-wrapper is not installed: no LDAP with Kerberos")
            return
        (self.folder / "hosts").write_text(f"{self.ad.address} dc1.litwareinc.com\n", encoding="ascii")
        ccache = self.ad.kinit("svc-sfbmon", ad.PASSWORD)
        found = kdc.run(["ldapsearch", "-Q", "-N", "-Y", "GSSAPI", "-H", "ldap://dc1.litwareinc.com", "-b", "DC=litwareinc,DC=com",
                         "(sAMAccountName=svc-sfbmon)", "memberOf"],
                        self.ad.environment(KRB5CCNAME=f"FILE:{ccache}", LD_PRELOAD=str(NSS_WRAPPER), NSS_WRAPPER_HOSTS=str(self.folder / "hosts")))
        self.assertIn("memberOf: CN=RTCUniversalServerAdmins", found)


class Patched(lab.LabTest):
    def test_a_dc_that_gives_aes_where_an_account_says_nothing(self):
        aes = "aes256-cts-hmac-sha1-96"
        option = {"kdc default domain supported enctypes": aes, "kdc supported enctypes": aes}
        with ad.Directory(self.folder, options=option) as directory:
            ccache = directory.kinit("svc-sfbmon", ad.PASSWORD)
            directory.kvno("HTTP/default.litwareinc.com", ccache)
            shown = subprocess.run(["klist", "-e", f"FILE:{ccache}"], env=directory.environment(), capture_output=True, text=True, check=True).stdout
            self.assertRegex(shown, r"HTTP/default.*\n.*tkt\): aes256-cts-hmac-sha1-96, aes256-cts-hmac-sha1-96")
            conf = self.folder / "rc4.conf"
            conf.write_text(kdc.krb5_conf(ad.REALM, [directory.address], permitted_enctypes="arcfour-hmac", allow_rc4="true"), encoding="utf-8")
            with self.assertRaisesRegex(AssertionError, "no support for encryption type"):
                directory.kinit("only-aes", ad.PASSWORD, conf=conf)
            directory.stop()
            with self.assertRaisesRegex(AssertionError, "Cannot contact any KDC"):
                directory.kinit("svc-sfbmon", ad.PASSWORD)
            directory.start()
            directory.kinit("svc-sfbmon", ad.PASSWORD)


class ByHand(lab.LabTest):
    def test_up_and_down(self):
        command = [sys.executable, ad.HERE / "ad.py"]
        up = subprocess.run([*command, "up", self.folder], capture_output=True, text=True, check=False)
        self.assertEqual(up.returncode, 0, up.stderr)
        self.assertTrue(re.search(r"KRB5_CONFIG=\S+", up.stdout))
        subprocess.run([*command, "down", self.folder], check=True)
        pid = (self.folder / "ad/run/dc.pid").read_text(encoding="ascii").strip()
        self.assertFalse(pathlib.Path(f"/proc/{pid}").exists())
