"""Callers of our own door with tickets of a domain controller: who they are, and which groups the ticket says they are in."""

import json
import pathlib
import subprocess

import ad
import engine_lab
import lab
import logon_lab

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


class Door(lab.LabTest):
    """The agent itself, asked with tickets of the domain. The one group that may ask is given by its SID."""

    POOL = "atl.example.com"
    QUERY = f"/api/v1/Get-CsBackupServiceStatus?PoolFqdn={POOL}"

    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(lab.tempfile.mkdtemp(prefix="sfb-ad-"))
        cls.addClassCleanup(lab.shutil.rmtree, cls.home, ignore_errors=True)
        cls.ad = cls.enterClassContext(ad.Directory(cls.home))
        cls.keys = cls.ad.keytab("door.keytab", "HTTP/localhost")

    def sid(self, name):
        return self.ad.populate("sid", name).strip()

    def door(self, *groups, keytab=None, environment=None):
        """The agent; members of these groups (SIDs) may ask."""
        rules = {"negotiate": {"keytab_file": str(keytab or self.keys)}, "authorized_universal_groups": list(groups or [self.sid("RTCUniversalServerAdmins")])}
        self.configure(authorization=json.dumps({"authorization": rules})[1:-1])
        self.drop_status(self.POOL)
        return self.agent(f"--storage.path={self.folder}/state", environment={"KRB5_CONFIG": str(self.ad.folder / "krb5.conf"), **(environment or {})})

    def log_on(self, account, name="", **options):
        return self.ad.kinit(account, ad.PASSWORD, self.folder / f"{account}{name}.ccache", **options)

    def ask(self, agent, ccache, host="localhost", environment=None):
        """What `curl --negotiate` gets: the status and the body."""
        url = f"http://{host}:{agent.address.rsplit(':', 1)[1]}{self.QUERY}"
        known = {k: v for k, v in self.ad.environment(KRB5CCNAME=f"FILE:{ccache}").items() if k != "KRB5RCACHENAME"}
        run = subprocess.run(["curl", "-sS", "--max-time", "20", "--connect-to", f"{host}::127.0.0.1:", "--negotiate", "-u", ":", "-H", "Accept: application/json",
                              "-w", "\n%{http_code}", url], env={**known, **(environment or {})}, capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        body, _, status = run.stdout.rpartition("\n")
        return int(status), body

    def assertRefused(self, answer, status, code):
        self.assertEqual((answer[0], json.loads(answer[1])["code"]), (status, code), answer[1])

    def assertAllowed(self, answer):
        self.assertEqual(answer[0], 200, answer[1])
        self.assertIn("BackupModules", answer[1])

    def test_members_may_ask(self):
        with self.door() as agent:
            self.wait(agent.ready, "the first answer")
            self.assertAllowed(self.ask(agent, self.log_on("alice")))
            self.assertAllowed(self.ask(agent, self.log_on("bob")))  # through two groups
            denied = self.ask(agent, self.log_on("carol"))
            self.assertRefused(denied, 403, "access.groups")
            self.assertIn(f"carol@{ad.REALM} is in none of the groups RTCUniversalServerAdmins", denied[1])
            self.assertNotIn("S-1-5-21", denied[1])
            self.wait_logged(agent, r"query .*alice@LITWAREINC\.COM")

    def test_a_new_membership_needs_a_new_ticket(self):
        with self.door() as agent:
            self.wait(agent.ready, "the first answer")
            before = self.log_on("changing")
            self.assertRefused(self.ask(agent, before), 403, "access.groups")
            self.ad.populate("member", "RTCUniversalServerAdmins", "changing")
            self.assertRefused(self.ask(agent, before), 403, "access.groups")
            self.assertAllowed(self.ask(agent, self.log_on("changing", "-later")))

    def test_a_ticket_without_groups(self):
        with self.door() as agent:
            self.assertRefused(self.ask(agent, self.log_on("alice", options=["--no-request-pac"])), 403, "access.no_pac")

    def test_groups_of_other_kinds(self):
        """A group local to the domain lies in the ticket apart, and so does what the controller itself knows of the logon."""
        for group, allowed, denied in ((self.sid("SfbLocal"), "bob", "carol"), ("S-1-18-1", "carol", None), (self.sid("Domain Users"), "carol", None)):
            with self.subTest(group), self.door(group) as agent:
                self.wait(agent.ready, "the first answer")
                self.assertAllowed(self.ask(agent, self.log_on(allowed)))
                if denied:
                    self.assertRefused(self.ask(agent, self.log_on(denied)), 403, "access.groups")

    def test_a_thousand_groups(self):
        self.ad.populate("crowd", "crowd", "1000")
        with self.door(self.sid("crowd-500")) as agent:
            self.wait(agent.ready, "the first answer")
            self.assertAllowed(self.ask(agent, self.log_on("crowd")))
            self.assertRefused(self.ask(agent, self.log_on("alice")), 403, "access.groups")

    def test_who_gets_no_ticket_is_offered_the_scheme(self):
        with self.door() as agent:
            with self.assertRaises(AssertionError):
                self.log_on("disabled")
            self.assertRefused(self.ask(agent, self.folder / "disabled.ccache"), 401, "access.login")
            ended = self.log_on("alice", "-short", options=["-l", "5s"])
            self.wait(lambda: subprocess.run(["klist", "-s", f"FILE:{ended}"], env=self.ad.environment(), check=False).returncode, "the end of the ticket")
            self.assertRefused(self.ask(agent, ended), 401, "access.login")

    def test_a_key_of_before(self):
        name = "changing.litwareinc.com"
        keytab = self.ad.keytab("changing.keytab", f"HTTP/{name}")
        with self.door(keytab=keytab) as agent:
            self.wait(agent.ready, "the first answer")
            self.assertRefused(self.ask(agent, self.log_on("alice"), name), 403, "access.host")
            self.ad.new_password("fe-changing", "An0ther-one-2")
            self.assertRefused(self.ask(agent, self.log_on("alice", "-later"), name), 401, "access.keytab_old")
            self.ad.keytab("changing.keytab", f"HTTP/{name}")
            self.assertRefused(self.ask(agent, self.log_on("alice", "-last"), name), 403, "access.host")

    def test_clocks(self):
        if (wrong := logon_lab.clock("+10m")) is None:
            self.skipTest("faketime is not installed (deploy/packages test)")
        ccache = self.log_on("alice")
        self.ad.kvno("HTTP/localhost", ccache)
        with self.door() as agent:
            self.assertRefused(self.ask(agent, ccache, environment=wrong), 401, "access.clock")
        with self.door(environment=logon_lab.clock("+11h")) as agent:  # the ticket ends after ten
            status, body = self.ask(agent, ccache)
            self.assertEqual(status, 401, body)
            self.assertEqual(json.loads(body)["code"], "access.ticket_ended")

    def test_the_client_of_powershell(self):
        if why := engine_lab.why_not():
            self.skipTest(why)
        script = ("$ErrorActionPreference = 'Stop'; $answer = Invoke-WebRequest -UseDefaultCredentials -AllowUnencryptedAuthentication "
                  "-SkipHttpErrorCheck -Uri $env:ASKED; \"$($answer.StatusCode)\"; \"$($answer.Content)\"")
        with self.door() as agent:
            self.wait(agent.ready, "the first answer")
            for account, status, said in (("alice", "200", "UserServices.PresenceFocus"), ("carol", "403", "access.groups")):
                environment = self.ad.environment(KRB5CCNAME=f"FILE:{self.log_on(account)}",
                                                  ASKED=f"http://localhost:{agent.address.rsplit(':', 1)[1]}{self.QUERY}")
                run = subprocess.run([engine_lab.PROGRAM, "-NoProfile", "-Command", script], env=environment, capture_output=True, text=True, timeout=120,
                                     check=False)
                self.assertEqual(run.stdout.splitlines()[:1], [status], run.stdout + run.stderr)
                self.assertIn(said, run.stdout)
