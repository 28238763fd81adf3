"""Callers of our own door with tickets of a domain controller: who they are, and which groups the ticket says they are in."""

import pathlib
import subprocess

import ad
import lab

CALLER = lab.BUILD / "tests/lab/ad/lab_caller"
BUILTIN = "S-1-5-32-"  # the directory counts these to its own machines, a ticket does not hold them


def setUpModule():
    if reason := ad.why_not():
        lab.skip_module(reason)


class Callers(lab.LabTest):
    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(lab.tempfile.mkdtemp(prefix="sfb-ad-"))
        cls.addClassCleanup(lab.shutil.rmtree, cls.home, ignore_errors=True)
        cls.ad = cls.enterClassContext(ad.Directory(cls.home))
        cls.keys = cls.ad.keytab("door.keytab", "HTTP/localhost")

    def call(self, ccache, keytab=None, *more):
        environment = {**self.ad.environment(), "KRB5CCNAME": f"FILE:{ccache}", "KRB5RCACHENAME": f"file2:{self.folder}/rcache"}
        run = subprocess.run([CALLER, keytab or self.keys, "HTTP@localhost", *more], env=environment, capture_output=True, text=True, check=False)
        self.assertLess(run.returncode, 2, run.stderr)
        return run.stdout.splitlines()

    def log_on(self, account, options=()):
        return self.ad.kinit(account, ad.PASSWORD, self.folder / f"{account}.ccache", options=options)

    def groups(self, account):
        return sorted(sid for sid in self.ad.populate("groups", account).split() if not sid.startswith(BUILTIN))

    def test_groups_are_those_of_the_directory(self):
        admins = {account: self.ad.populate("sid", "RTCUniversalServerAdmins").strip() for account in ("alice", "bob")}
        for account in ("alice", "bob", "carol"):
            with self.subTest(account):
                principal, _, name, sid, *groups = self.call(self.log_on(account))
                self.assertEqual((principal, name), (f"{account}@{ad.REALM}", rf"LITWAREINC\{account}"))
                self.assertEqual(sid, self.ad.populate("sid", account).strip())
                # Asserted identity and the like are in the ticket alone.
                self.assertEqual(sorted(group for group in groups if not group.startswith("S-1-18-")), self.groups(account))
                self.assertEqual(admins.get(account, "none") in groups, account != "carol")

    def test_no_groups_in_the_ticket_is_not_no_group(self):
        ccache = self.log_on("alice", options=["--no-request-pac"])
        lines = self.call(ccache)
        self.assertEqual(lines[0], f"alice@{ad.REALM}")
        self.assertEqual(len(lines), 2, lines)

    def test_a_thousand_groups(self):
        self.ad.populate("crowd", "crowd", "1000")
        _, token, _, _, *groups = self.call(self.log_on("crowd"))
        self.assertGreaterEqual(len(groups), 1001)
        self.assertGreater(int(token), 8000)

    def test_a_key_of_before(self):
        before = self.ad.keytab("before.keytab", "HTTP/changing.litwareinc.com")
        self.ad.new_password("fe-changing", "An0ther-one")
        after = self.ad.keytab("after.keytab", "HTTP/changing.litwareinc.com")
        environment = {**self.ad.environment(), "KRB5CCNAME": f"FILE:{self.log_on('alice')}", "KRB5RCACHENAME": "none:"}
        said = [subprocess.run([CALLER, keytab, "HTTP@changing.litwareinc.com"], env=environment, capture_output=True, text=True, check=False).stdout
                for keytab in (before, after)]
        self.assertRegex(said[0], "^refused access.keytab_old")
        self.assertRegex(said[1], f"^alice@{ad.REALM}")
