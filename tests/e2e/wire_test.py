"""Transport winrm against simulated servers of every kind: what they answer is what the agent shows."""

import collections
import re
import subprocess
import unittest

import lab
from lab import MODULES_2013, MODULES_2019, LabTest

POOL = "atl.example.com"
STATES = {"ConfServices.DataConf": "ErrorState,NormalState", "CentralMgmt.CMSMaster": "NotInitialized,NormalState"}
SECURE = {"certificate": "pki/server.pem", "key": "pki/server.key"}
USERS = {"svc-sfbmon": "hunter2"}
# For tests in which no evaluation may be late.
SLOWLY = {"evaluation_interval": "2s", "evaluation_timeout": "2s"}

# What a server is like: listener's keys, endpoint's keys, the language it is found to have.
KINDS = {
    "plain": ({}, {}, "FullLanguage"),
    "https": ({"tls": SECURE}, {}, "FullLanguage"),
    "tls12": ({"tls": {**SECURE, "max_version": "1.2"}}, {}, "FullLanguage"),
    "tls13": ({"tls": SECURE}, {"tls": {"min_version": "1.3"}}, "FullLanguage"),
    "constrained": ({"server": {"language": "constrained"}}, {}, "ConstrainedLanguage"),
    "none": ({"server": {"language": "none"}}, {}, "no scripts"),
    "told-full": ({}, {"language": "full"}, "FullLanguage"),
    "told-constrained": ({"server": {"language": "constrained"}}, {"language": "constrained"}, "ConstrainedLanguage"),
    "told-none": ({"server": {"language": "none"}}, {"language": "none"}, None),
    "command": ({}, {"language": "none"}, None),
    "2.0-ids": ({"server": {"protocol": "2.1", "ps_version": "2.0", "echo_ids": False}}, {}, "FullLanguage"),
    "2.2": ({"server": {"protocol": "2.2", "ps_version": "4.0"}}, {}, "FullLanguage"),
    "2.4": ({"server": {"protocol": "2.4", "ps_version": "7.6.9"}}, {}, "FullLanguage"),
    "late-done": ({"server": {"done_with_state": False}}, {}, "FullLanguage"),
    "depth-2": ({"server": {"depth": 2}}, {}, "FullLanguage"),
    "depth-2-none": ({"server": {"depth": 2, "language": "none"}}, {}, "no scripts"),
    "module": ({}, {"import_module": "SkypeForBusiness"}, "FullLanguage"),
    "module-none": ({"server": {"language": "none"}}, {"import_module": "SkypeForBusiness"}, "no scripts"),
    "no-reuse": ({}, {"session": {"reuse": False}}, "FullLanguage"),
    "few-runs": ({}, {"session": {"max_pipelines": 2}}, "FullLanguage"),
    "path": ({"path": "/OcsPowershell"}, {}, "FullLanguage"),
    "v6": ({"listen": "[::1]:0"}, {}, "FullLanguage"),
    "everybody": ({"users": {}}, {}, "FullLanguage"),
}


def fqdn(kind):
    return f"{kind.replace('.', '-')}.example.com"


class Servers(LabTest):
    """One agent, one endpoint and one pool for each kind of server."""

    def setUp(self):
        super().setUp()
        self.scenario = {
            "certificate": {"make": "pki"},
            "listeners": [{"name": kind, "listen": "127.0.0.1:0", "users": USERS, **listener}
                          for kind, (listener, _, _) in KINDS.items()],
            "pools": {fqdn(kind): {"modules": MODULES_2019, "states": STATES, "active_machine": f"fe.{fqdn(kind)}"} for kind in KINDS}}

    def configure_for(self, simulator, **extra):
        endpoints = {}
        for kind, (listener, keys, _) in KINDS.items():
            tls = {"tls": {"ca_file": "pki/ca.pem", **keys.get("tls", {})}} if "tls" in listener else {}
            path = listener.get("path", "/wsman")
            endpoints[kind] = {**keys, **tls, "url": simulator.addresses[kind] + path}
        self.configure_winrm(endpoints, {fqdn(kind): kind for kind in KINDS}, **extra)

    def test_every_kind_of_server(self):
        with self.simulator(self.scenario) as simulator:
            self.configure_for(simulator, settings={"evaluation_interval": "4s", "evaluation_timeout": "4s"})
            with self.agent() as agent:
                self.wait(agent.ready, "ready")
                runs = lambda: simulator.status()["runs_by_pool"]
                self.wait(lambda: min(runs().get(fqdn(kind), 0) for kind in KINDS) >= 3, "three evaluations of each pool", 60)
                up = agent.by_pool("sfb_backup_up")
                failed = {name: count for name, count in agent.by_pool("sfb_backup_evaluation_failures_total").items() if count}
                self.assertEqual((failed, min(up.values()), len(up)), ({}, 1, len(KINDS)), agent.log())
                for kind in KINDS:
                    with self.subTest(kind=kind):
                        self.check_pool(agent, fqdn(kind))
                self.assertIn("svc-sfbmon", agent.request("/config").text)
            self.wait_quiet(simulator)
            self.assertEqual(simulator.status()["logons_failed"], 0)

    def check_pool(self, agent, name):
        expected = {module: (STATES.get(module) or "FinalState,NormalState").split(",") for module in MODULES_2019}
        for side, direction in enumerate(("export", "import")):
            family = f"sfb_backup_module_{direction}_state"
            shown = {dict(labels)["module"]: dict(labels)[family] for labels, value in agent.series(family).items()
                     if value == 1 and dict(labels)["pool"] == name}
            self.assertEqual(shown, {module: words[side] for module, words in expected.items()})
        self.assertEqual(agent.by_pool("sfb_backup_service_working")[name], 0)  # of the ErrorState
        machine = f'sfb_backup_active_machine{{pool="{name}",machine="fe.{name}"}}'
        self.assertEqual(agent.value(machine), 1)
        text = agent.query(name, width=400, edition="5.1")  # 4.0 spreads the columns evenly
        self.assertEqual((text.status, text.headers["X-Outcome"]), (200, "good"), text.text)
        for part in ("BackupModules", "ConfServices.DataConf:[ErrorState,NormalState]", f"fe.{name}", "OverallExportStatus"):
            self.assertIn(part, text.text)
        answer = agent.query(name, **{"as": "json"}).json()
        self.assertEqual((answer["ActiveMachineFqdn"], answer["OverallExportStatus"]), (f"fe.{name}", "ErrorState"))
        rows = [row if isinstance(row, str) else f"{row['Identity']}:[{row['ExportStatus']},{row['ImportStatus']}]"
                for row in answer["BackupModules"]]
        self.assertEqual(rows, [f"{module}:[{','.join(words)}]" for module, words in expected.items()])
        self.assertNotIn("SfbBackupExtras", str(answer))
        clixml = agent.query(name, **{"as": "clixml"})
        rendered = subprocess.run([lab.AGENT, "render", "--width", "400"], input=clixml.body, capture_output=True, check=True)
        self.assertEqual(rendered.stdout.decode(), text.text)

    def test_evaluate_shows_every_kind(self):
        with self.simulator(self.scenario) as simulator:
            self.configure_for(simulator)
            for kind, (listener, _, language) in KINDS.items():
                with self.subTest(kind=kind):
                    result = subprocess.run([lab.AGENT, "evaluate", f"--config.file={self.folder}/agent.yml", fqdn(kind)],
                                            capture_output=True, text=True, timeout=lab.WAIT, check=False)
                    self.assertEqual(result.returncode, 0, result.stderr)
                    server = listener.get("server", {})
                    spoken = min(server.get("protocol", "2.3"), "2.3")  # a newer server answers with the client's
                    self.assertRegex(result.stderr, rf"(?m)^  protocol +server {spoken}, used {spoken}$")
                    self.assertRegex(result.stderr, rf"(?m)^  PowerShell +{server.get('ps_version', '5.1.17763.1')}$")
                    if language:
                        self.assertRegex(result.stderr, rf"(?m)^  language +{language}")
                    self.assertEqual(simulator.status()["shells"], 0, "evaluate leaves no shell")
            self.wait_quiet(simulator)


class Life(LabTest):
    def configure_one(self, simulator, settings=None, **keys):
        self.configure_winrm({"atlanta": {"url": simulator.url("atlanta"), **keys}}, {POOL: "atlanta"}, settings=settings or {})

    def scenario(self, pool=None, **listener):
        return {"listeners": [{"name": "atlanta", "users": USERS, **listener}], "pools": {POOL: pool or {}}}

    def test_modules_change_with_the_timetable(self):
        pool = {"modules": MODULES_2013, "every": "5s", "timetable": [
            {"at": "1500ms", "ConfServices.DataConf": "NonSteadyState,NormalState"},
            {"at": "3s", "ConfServices.DataConf": "ErrorState,ImportErrorState"}]}
        with self.simulator(self.scenario(pool)) as simulator:
            self.configure_one(simulator)
            with self.agent() as agent:
                family = "sfb_backup_module_export_state"
                for state in ("FinalState", "NonSteadyState", "ErrorState", "FinalState"):
                    series = f'{family}{{pool="{POOL}",module="ConfServices.DataConf",{family}="{state}"}}'
                    self.wait(lambda name=series: agent.value(name) == 1, state)
                self.assertRegex(agent.log(), "module state changed.*ConfServices.DataConf.*from=FinalState to=NonSteadyState")
                simulator.set_pool(POOL, {"modules": MODULES_2013[:1]})
                self.wait(lambda: agent.value(series) is None, "the modules to go")

    def test_a_module_is_imported_once_per_session(self):
        server = {"module": "SkypeForBusiness", "import_warning": "The names of some imported commands include unapproved verbs."}
        with self.simulator(self.scenario({"warning": "One front end did not answer."}, server=server)) as simulator:
            self.configure_one(simulator, SLOWLY, import_module="SkypeForBusiness")
            with self.agent() as agent:
                # The first answer is the cmdlet's alone, as all later ones.
                self.wait(agent.ready, "ready")
                self.assertEqual(re.findall("(?m)^WARNING: .*$", agent.query(POOL).text), ["WARNING: One front end did not answer."])
                imports = lambda: [simulator.status()["last_call"].get(key) for key in ("sfbimportmodule", "imported")]
                self.wait(lambda: simulator.status()["runs_by_pool"].get(POOL, 0) >= 3, "three runs")
                self.assertEqual(imports(), [None, "SkypeForBusiness"], "the first run imported it")
                self.assertEqual(simulator.status()["requests_by_action"]["Create"], 1)
                self.assertEqual(agent.by_pool("sfb_backup_up"), {POOL: 1})

    def test_nothing_is_a_good_answer(self):
        for kind in ("null", "none"):
            with self.subTest(kind=kind), self.simulator(self.scenario({kind: True}), name=kind) as simulator:
                self.configure_one(simulator, SLOWLY)
                with self.agent() as agent:
                    self.wait(agent.ready, "ready")
                    self.assertEqual(agent.by_pool("sfb_backup_up"), {POOL: 1})
                    self.assertEqual(agent.by_pool("sfb_backup_service_configured"), {POOL: 0})
                    answer = agent.query(POOL)
                    self.assertEqual((answer.status, answer.text), (200, ""))

    def test_what_got_lost_of_a_cmdlet_alone_is_not_nothing(self):
        """Without a script nobody counts: an answer without output whose ids do not follow on, or that a stranger's message came with, says nothing."""
        pool = {"modules": MODULES_2019}
        cases = {"lost_object": (pool, "did not come"), "other_pid": (pool, "a message of another pipeline came"),
                 "id_gap": ({"none": True}, "did not come"), "unknown_message": ({"none": True}, "a message of an unknown type came")}
        for act, (lossy, note) in cases.items():
            with self.subTest(act=act), self.simulator(self.scenario(pool, server={"language": "none"}), name=act) as simulator:
                self.configure_one(simulator, SLOWLY)
                with self.agent() as agent:
                    self.wait(agent.ready, "ready")
                    modules = agent.series("sfb_backup_module_export_state")
                    self.assertEqual(agent.by_pool("sfb_backup_service_configured"), {POOL: 1})
                    simulator.set_faults([{"do": act}])  # first, so that no answer proves that there is nothing
                    simulator.set_pool(POOL, lossy)
                    self.wait(lambda: not agent.by_pool("sfb_backup_service_configured"), "the verdict to be unknown")
                    self.assertEqual(agent.by_pool("sfb_backup_service_working"), {})
                    self.assertEqual(agent.by_pool("sfb_backup_up"), {POOL: 1})
                    self.assertEqual(agent.series("sfb_backup_module_export_state"), modules, "those of the last answer that said something")
                    self.assertIn(note, str(agent.history(POOL)))
                    # The whole answer counts again.
                    simulator.set_pool(POOL, pool)
                    simulator.set_faults([])
                    self.wait(lambda: agent.by_pool("sfb_backup_service_working") == {POOL: 1}, "the verdict to be known")
        for act in ("id_gap", "unknown_message"):  # a script proves that there is nothing
            scenario = {**self.scenario({"none": True}), "faults": [{"do": act}]}
            with self.subTest(act=act, script=True), self.simulator(scenario, name=f"script-{act}") as simulator:
                self.configure_one(simulator, SLOWLY)
                with self.agent() as agent:
                    self.wait(agent.ready, "ready")
                    self.assertEqual(agent.by_pool("sfb_backup_service_configured"), {POOL: 0})

    def test_a_quota_of_commands_is_not_seen(self):
        """The server's limit is below ours: a new shell takes over (2150859241)."""
        with self.simulator(self.scenario(server={"max_commands": 3})) as simulator:
            self.configure_one(simulator, SLOWLY)
            with self.agent() as agent:
                self.wait(lambda: simulator.status()["runs_by_pool"].get(POOL, 0) >= 8, "eight runs", 60)
                self.assertEqual(agent.by_pool("sfb_backup_up"), {POOL: 1})
                self.assertFalse([value for value in agent.series("sfb_backup_evaluation_failures_total").values() if value])
                self.assertGreaterEqual(simulator.status()["requests_by_action"]["Create"], 3)
            self.wait_quiet(simulator)

    def test_parameters_reach_the_cmdlet(self):
        for language in ("full", "none"):
            with self.subTest(language=language), self.simulator(
                    self.scenario({"modules": MODULES_2019}, server={"language": language})) as simulator:
                self.configure_one(simulator, {"evaluation_interval": "1h"})
                with self.agent() as agent:
                    self.wait(agent.ready, "ready")
                    call = simulator.status()["last_call"]
                    named = {"poolfqdn": POOL, "listener": "atlanta", "script": "true" if language == "full" else "false"}
                    self.assertEqual(call, named)
                    for given, expected in (({"Category": "CMS"}, {"category": "CMS"}),
                                            ({"Force": "true"}, {"force": "true"}),
                                            ({"BypassDualWrite": "true"}, {"bypassdualwrite": "true"}),
                                            ({"BypassDualWrite": "false"}, {"bypassdualwrite": "false"}),
                                            ({"Category": "RGS", "Force": "true", "BypassDualWrite": "true"},
                                             {"category": "RGS", "force": "true", "bypassdualwrite": "true"})):
                        answer = agent.query(POOL, **given, **{"as": "json"})
                        self.assertEqual(answer.status, 200, answer.text)
                        self.assertEqual(simulator.status()["last_call"], {**named, **expected})
                        shown = str(answer.json()["BackupModules"])
                        self.assertEqual("CMSMaster" in shown, given.get("Category") != "RGS")
                        self.assertEqual("DataConf" in shown, "Category" not in given)

    def test_a_session_is_kept_and_renewed(self):
        kinds = {"kept": {}, "renewed": {"session": {"max_pipelines": 3}}, "closed": {"session": {"reuse": False}}}
        scenario = {"listeners": [{"name": kind} for kind in kinds], "pools": {fqdn(kind): {} for kind in kinds}}
        with self.simulator(scenario) as simulator:
            self.configure_winrm({kind: {"url": simulator.url(kind), **keys} for kind, keys in kinds.items()},
                                 {fqdn(kind): kind for kind in kinds}, settings=SLOWLY)
            with self.agent() as agent:
                def consistent():
                    status = simulator.status()
                    runs, actions = status["runs_by_pool"], collections.Counter(status["requests_by_action"])
                    return min(runs.get(fqdn(kind), 0) for kind in kinds) >= 7 and (
                        actions["Create"] == 1 + -(-runs[fqdn("renewed")] // 3) + runs[fqdn("closed")]
                        and actions["Signal"] == actions["Command"] == sum(runs.values())  # each is terminated
                        and status["shells"] <= 2 and status["connections_made"] == 3)  # keep-alive over runs and shells
                self.wait(consistent, "seven runs of each in as many shells as configured", 60)
                self.assertEqual(set(agent.by_pool("sfb_backup_up").values()), {1})
            self.wait_quiet(simulator)

    def test_warnings_and_errors_beside_a_status_are_shown(self):
        extras = {"warning": "One front end did not answer.", "error": "Cannot reach \u00e9t\u00e9.", "progress": "Asking", "verbose": "Asked"}
        with self.simulator(self.scenario(extras)) as simulator:
            self.configure_one(simulator, SLOWLY)
            with self.agent() as agent:
                self.wait(agent.ready, "ready")
                answer = agent.query(POOL)
                self.assertEqual(answer.status, 200, answer.text)
                self.assertEqual(agent.by_pool("sfb_backup_up"), {POOL: 1})
                asked = subprocess.run([lab.ASK, "-PoolFqdn", POOL], env={"SFB_BACKUP_EXPORTER_URL": f"http://{agent.address}"},
                                       capture_output=True, text=True, timeout=lab.WAIT, check=False)
                self.assertIn("BackupModules", asked.stdout)
                for text in (extras["warning"], extras["error"]):
                    self.assertIn(text, asked.stdout)
                for text in (extras["progress"], "Asked"):
                    self.assertNotIn(text, asked.stdout + asked.stderr)
                self.assertNotIn(extras["error"], agent.query(POOL, Force="true").text)

    def test_queries_at_once_use_the_sessions_allowed(self):
        with self.simulator(self.scenario({"slow": "300ms"})) as simulator:
            self.configure_one(simulator, {"evaluation_interval": "1h", "evaluation_timeout": "10s"}, max_concurrent=3)
            with self.agent() as agent:
                self.wait(agent.ready, "ready")
                asked = [subprocess.Popen([lab.ASK, "-PoolFqdn", POOL, "-Category", category, *force],
                                          env={"SFB_BACKUP_EXPORTER_URL": f"http://{agent.address}"},
                                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                         for category in ("UserData", "CMS", "RGS") for force in ([], ["-Force"])]
                codes = []
                for process in asked:
                    errors = process.communicate(timeout=lab.WAIT)[1]
                    codes.append((process.returncode, errors))
                # The pool has no RGS modules, which is no fault of the answer.
                self.assertEqual(codes, [(0, b"")] * 4 + [(0, b"verdict: not configured\n")] * 2)
                status = simulator.status()
                self.assertEqual(status["runs_by_pool"][POOL], 7)
                self.assertLessEqual(status["requests_by_action"]["Create"], 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
