"""Exports that are pushed with a ticket of a domain controller: by which name and SID the pusher is known, and what Windows' task would do."""

import json
import pathlib
import re
import subprocess

import ad
import engine_lab
import lab

POOL = "atl.example.com"
MODULE = "A.B"
SCRIPT = lab.ROOT / "deploy" / "windows" / "Export-BackupStatus.ps1"


def setUpModule():
    if reason := ad.why_not():
        lab.skip_module(reason)


class Push(lab.LabTest):
    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(lab.tempfile.mkdtemp(prefix="sfb-ad-"))
        cls.addClassCleanup(lab.shutil.rmtree, cls.home, ignore_errors=True)
        cls.ad = cls.enterClassContext(ad.Directory(cls.home))
        cls.keys = cls.ad.keytab("door.keytab", "HTTP/localhost")

    def served(self, *principals, pool=POOL):
        (self.folder / "agent.yml").write_text(json.dumps({
            "endpoints": {"inbox": {"transport": "push", "from": {"principals": list(principals)}}},
            "pools": [{"fqdn": pool, "endpoint": "inbox", "paired_pool": "chi.example.com", "site": "lab"}],
            "authorization": {"negotiate": {"keytab_file": str(self.keys)}}}), encoding="utf-8")
        (self.folder / "export.clixml").write_text(lab.wrapper(POOL, lab.status_object([MODULE], {MODULE: ("FinalState", "NormalState")})), encoding="utf-8")
        return self.agent(f"--storage.path={self.folder}/state", environment={"KRB5_CONFIG": str(self.ad.folder / "krb5.conf")})

    def log_on(self, principal, name=None):
        return self.ad.kinit(principal, ad.PASSWORD, self.folder / f"{name or principal}.ccache")

    def environment(self, ccache, **more):
        known = self.ad.environment(KRB5CCNAME=f"FILE:{ccache}", **more)
        return {name: value for name, value in known.items() if name != "KRB5RCACHENAME"}

    def url(self, agent):
        return f"http://localhost:{agent.address.rsplit(':', 1)[1]}"

    def push(self, agent, ccache):
        """What `curl --negotiate -T` gets: the status, and the code of a refusal."""
        run = subprocess.run(["curl", "-sS", "--max-time", "20", "--connect-to", "localhost::127.0.0.1:", "--negotiate", "-u", ":", "-w", "\n%{http_code}",
                              "-T", self.folder / "export.clixml", f"{self.url(agent)}/api/v1/exports/{POOL}"],
                             env=self.environment(ccache), capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        body, _, status = run.stdout.rpartition("\n")
        return int(status), json.loads(body) if body else {}

    def test_an_account_and_a_group_may_push(self):
        admins = self.ad.populate("sid", "RTCUniversalServerAdmins").strip()
        carol = self.ad.populate("sid", "carol").strip()
        for principals, taken, refused in (([f"ALICE@{ad.REALM}"], "alice", "bob"), ([admins], "bob", "carol"), ([carol], "carol", "alice")):
            with self.subTest(principals), self.served(*principals) as agent:
                self.assertEqual(self.push(agent, self.log_on(taken)), (204, {}))
                self.wait(lambda agent=agent: agent.value(f'sfb_backup_up{{pool="{POOL}"}}') == 1, "the evaluation")
                status, problem = self.push(agent, self.log_on(refused))
                self.assertEqual((status, problem["code"]), (403, "push.not_allowed"), problem)
                self.assertIn(f"{refused}@{ad.REALM}", problem["detail"])

    def test_a_user_principal_name_is_not_the_account(self):
        """Whoever may write the userPrincipalName of an account chooses the name in its tickets."""
        self.ad.populate("set", "carol", "userPrincipalName", f"front-end@{ad.REALM}")
        ccache = self.log_on(f"front-end@{ad.REALM}", "front-end")
        self.assertIn(f"front-end@{ad.REALM}", subprocess.run(["klist", f"FILE:{ccache}"], capture_output=True, text=True, check=True).stdout)
        with self.served(f"front-end@{ad.REALM}") as agent:
            status, problem = self.push(agent, ccache)
            self.assertEqual((status, problem["code"]), (403, "push.not_allowed"), problem)
            self.assertIn(f"carol@{ad.REALM}", problem["detail"])

    def test_the_task_with_default_credentials(self):
        if why := engine_lab.why_not():
            self.skipTest(why)
        pool = "healthy.example.com"
        scenario = self.folder / "push.json"
        example = (engine_lab.PROGRAM.parent / "scenarios" / "example.json").read_text(encoding="utf-8")
        steps = json.loads(re.sub(r"(?m)(^|\s)//.*$", "", example))["pools"]
        scenario.write_text(json.dumps({"pools": {pool: steps["healthy.example.com"]}, "start": []}), encoding="utf-8")
        for account, code, status in (("alice", 0, 204), ("carol", 2, 403)):
            with self.subTest(account), self.served(f"alice@{ad.REALM}", pool=pool) as agent:
                run = subprocess.run([engine_lab.PROGRAM, "-Modules", engine_lab.PROGRAM.parent / "modules" / "plain", "-NoLogo", "-NoProfile", "-NonInteractive",
                                      "-File", SCRIPT, "-PoolFqdn", pool, "-Path", self.folder / "exports", "-Uri", self.url(agent), "-UseDefaultCredentials"],
                                     env=self.environment(self.log_on(account), SFB_LAB_SCENARIO=str(scenario), NO_COLOR="1"),
                                     capture_output=True, text=True, timeout=240, check=False)
                self.assertEqual(run.returncode, code, run.stdout + run.stderr)
                self.wait_logged(agent, rf"push .*pool={pool} status={status} .*caller={account}@{ad.REALM}")
                if status == 204:
                    self.wait(lambda agent=agent: agent.value(f'sfb_backup_up{{pool="{pool}"}}') == 1, "the evaluation")
