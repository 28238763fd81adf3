"""Transport ssh against simulated servers of every kind: what they answer is what the agent shows, and no rule of PSRP out of process
is broken."""

import re
import signal
import subprocess
import unittest

import child
import lab
from lab import MODULES_2013, MODULES_2019
from ssh_lab import SshTest

POOL = "atl.example.com"
STATES = {"ConfServices.DataConf": "ErrorState,NormalState", "CentralMgmt.CMSMaster": "NotInitialized,NormalState"}

# What a server is like: its keys, the endpoint's keys, the language it is found to have.
KINDS = {
    "plain": ({}, {}, "FullLanguage"),
    "subsystem": ({}, {"arguments": ["--errors-on-stdout"]}, "FullLanguage"),
    "windows": ({"crlf": True}, {}, "FullLanguage"),
    "constrained": ({"language": "constrained"}, {}, "ConstrainedLanguage"),
    "none": ({"language": "none"}, {}, "no scripts"),
    "told-full": ({}, {"language": "full"}, "FullLanguage"),
    "told-constrained": ({"language": "constrained"}, {"language": "constrained"}, "ConstrainedLanguage"),
    "told-none": ({"language": "none"}, {"language": "none"}, None),
    "command": ({}, {"language": "none"}, None),
    "2.1": ({"protocol": "2.1", "ps_version": "2.0"}, {}, "FullLanguage"),
    "2.2": ({"protocol": "2.2", "ps_version": "4.0"}, {}, "FullLanguage"),
    "2.4": ({"protocol": "2.4", "ps_version": "7.6.9"}, {}, "FullLanguage"),
    "depth-2": ({"depth": 2}, {}, "FullLanguage"),
    "depth-2-none": ({"depth": 2, "language": "none"}, {}, "no scripts"),
    "module": ({"module": "SkypeForBusiness"}, {"import_module": "SkypeForBusiness"}, "FullLanguage"),
    "module-none": ({"language": "none"}, {"import_module": "SkypeForBusiness"}, "no scripts"),
    "no-reuse": ({}, {"session": {"reuse": False}}, "FullLanguage"),
    "few-runs": ({}, {"session": {"max_pipelines": 2}}, "FullLanguage"),
    "two": ({}, {"max_concurrent": 2}, "FullLanguage"),
}


def fqdn(kind):
    return f"{kind.replace('.', '-')}.example.com"


class Servers(SshTest):
    """One agent, one endpoint and one pool for each kind of server."""

    def setUp(self):
        super().setUp()
        self.write_scenario({"listeners": [{"name": kind, "server": server} for kind, (server, _, _) in KINDS.items()],
                             "pools": {fqdn(kind): {"modules": MODULES_2019, "states": STATES, "active_machine": f"fe.{fqdn(kind)}"} for kind in KINDS}})
        self.configure_ssh({kind: keys for kind, (_, keys, _) in KINDS.items()}, {fqdn(kind): kind for kind in KINDS})

    def test_every_kind_of_server(self):
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            self.wait(lambda: min(len(self.runs(fqdn(kind))) for kind in KINDS) >= 4, "some evaluations of each pool", 60)
            self.assertEqual((self.failures(agent), self.ill(agent)), ({}, []), agent.log())
            for kind in KINDS:
                with self.subTest(kind=kind):
                    self.check_pool(agent, fqdn(kind))
            self.quiet(agent)
        self.wait_no_leftovers()
        self.assertEqual(self.violations(), [])
        self.check_processes()

    def check_processes(self):
        """One process for many runs, or as many as were asked for; each ended in order, with nothing open."""
        for kind in KINDS:
            with self.subTest(kind=kind):
                runs, started = len(self.runs(fqdn(kind))), len(self.started(kind))
                if kind == "no-reuse":
                    self.assertEqual(started, runs)
                elif kind == "few-runs":
                    self.assertIn(started - (runs + 1) // 2, (0, 1))
                else:
                    self.assertEqual(started, 1)
        ends = self.journal("end")
        self.assertEqual({end["status"] for end in ends}, {160})
        self.assertEqual([end for end in ends if not child.ended_in_order(end)], [])
        self.assertEqual(len(ends), len(self.journal("start")))
        self.assertEqual(len(self.journal("close")), len(self.journal("pipeline")), "one Close for each pipeline that began")
        self.assertEqual(self.journal("signal"), [])

    def check_pool(self, agent, name):
        expected = {module: (STATES.get(module) or "FinalState,NormalState").split(",") for module in MODULES_2019}
        for side, direction in enumerate(("export", "import")):
            family = f"sfb_backup_module_{direction}_state"
            shown = {dict(labels)["module"]: dict(labels)[family] for labels, value in agent.series(family).items()
                     if value == 1 and dict(labels)["pool"] == name}
            self.assertEqual(shown, {module: words[side] for module, words in expected.items()})
        self.assertEqual(agent.value(f'sfb_backup_active_machine{{pool="{name}",machine="fe.{name}"}}'), 1)
        text = agent.query(name, width=400, edition="5.1")  # 4.0 spreads the columns evenly
        self.assertEqual((text.status, text.headers["X-Outcome"]), (200, "good"), text.text)
        for part in ("BackupModules", "ConfServices.DataConf:[ErrorState,NormalState]", f"fe.{name}", "OverallExportStatus"):
            self.assertIn(part, text.text)
        clixml = agent.query(name, **{"as": "clixml"})
        rendered = subprocess.run([lab.AGENT, "render", "--width", "400"], input=clixml.body, capture_output=True, check=True)
        self.assertEqual(rendered.stdout.decode(), text.text)

    def test_evaluate_shows_every_kind(self):
        for kind, (server, _, language) in KINDS.items():
            with self.subTest(kind=kind):
                result = subprocess.run([lab.AGENT, "evaluate", f"--config.file={self.folder}/agent.yml", fqdn(kind)],
                                        capture_output=True, text=True, timeout=lab.WAIT, check=False)
                self.assertEqual(result.returncode, 0, result.stderr)
                spoken = min(server.get("protocol", "2.3"), "2.3")  # a newer server answers with the client's
                self.assertRegex(result.stderr, rf"(?m)^  protocol +server {spoken}, used {spoken}$")
                self.assertRegex(result.stderr, rf"(?m)^  PowerShell +{server.get('ps_version', '5.1.17763.1')}$")
                self.assertRegex(result.stderr, rf"(?m)^  process +{re.escape(str(lab.SIMULATOR))} \(pid \d+\)$")
                if language:
                    self.assertRegex(result.stderr, rf"(?m)^  language +{language}")
                self.assertEqual(self.leftovers(), [], "evaluate leaves no process")
        self.assertEqual(self.violations(), [])
        self.assertEqual({entry["orderly"] for entry in self.journal("end")}, {True})


class Life(SshTest):
    def start(self, pool=None, settings=None, server=None, pools=None, **keys):
        """An endpoint with one pool, and no more."""
        self.write_scenario({"listeners": [{"name": "atlanta", "server": server or {}}], "pools": {POOL: pool or {}, **(pools or {})}})
        self.configure_ssh({"atlanta": keys}, {POOL: "atlanta", **{name: "atlanta" for name in pools or {}}}, settings=settings or {})
        return self.agent()

    def tearDown(self):
        self.wait_no_leftovers()
        self.assertEqual(self.violations(), [])

    def test_a_module_is_imported_once_per_process(self):
        server = {"module": "SkypeForBusiness", "import_warning": "The names of some imported commands include unapproved verbs."}
        with self.start({"warning": "One front end did not answer."}, {"evaluation_interval": "1s", "evaluation_timeout": "1s"}, server,
                        import_module="SkypeForBusiness", session={"max_pipelines": 3}) as agent:
            self.wait(agent.ready, "ready")
            self.assertEqual(re.findall("(?m)^WARNING: .*$", agent.query(POOL).text), ["WARNING: One front end did not answer."])
            self.wait(lambda: len(self.runs(POOL)) >= 7, "seven runs")
            self.assertEqual(self.failures(agent), {})
        asked = [(entry["pid"], "sfbimportmodule" in entry["parameters"], entry["module"]) for entry in self.runs(POOL)]
        first = {pid for pid, _, _ in asked}
        for pid, asks, imported in asked:
            self.assertEqual((asks, imported), (pid in first, "SkypeForBusiness"))
            first.discard(pid)

    def test_nothing_is_a_good_answer(self):
        for kind in ("null", "none"):
            with self.subTest(kind=kind), self.start({kind: True}) as agent:
                self.wait(agent.ready, "ready")
                self.assertEqual(self.up(agent), {POOL: 1})
                self.assertEqual(agent.by_pool("sfb_backup_service_configured"), {POOL: 0})
                answer = agent.query(POOL)
                self.assertEqual((answer.status, answer.text), (200, ""))

    def test_parameters_reach_the_cmdlet(self):
        for language in ("full", "none"):
            with self.subTest(language=language), self.start({"modules": MODULES_2019}, {"evaluation_interval": "1h"}, {"language": language}) as agent:
                self.wait(agent.ready, "ready")
                self.assertEqual((self.runs(POOL)[-1]["parameters"], self.runs(POOL)[-1]["script"]), ({"poolfqdn": POOL}, language == "full"))
                for given, expected in (({"Category": "CMS"}, {"category": "CMS"}), ({"Force": "true"}, {"force": "true"}),
                                        ({"BypassDualWrite": "false"}, {"bypassdualwrite": "false"}),
                                        ({"Category": "RGS", "Force": "true", "BypassDualWrite": "true"},
                                         {"category": "RGS", "force": "true", "bypassdualwrite": "true"})):
                    answer = agent.query(POOL, **given, **{"as": "json"})
                    self.assertEqual(answer.status, 200, answer.text)
                    self.assertEqual(self.runs(POOL)[-1]["parameters"], {"poolfqdn": POOL, **expected})

    def test_what_a_cmdlet_says_beside_its_status_is_shown(self):
        extras = {"warning": "One front end did not answer.", "error": "Cannot reach \u00e9t\u00e9.", "progress": "Asking", "verbose": "Asked"}
        with self.start(extras) as agent:
            self.wait(agent.ready, "ready")
            self.assertEqual(self.up(agent), {POOL: 1})
            asked = subprocess.run([lab.ASK, "-PoolFqdn", POOL], env={"SFB_BACKUP_EXPORTER_URL": f"http://{agent.address}"},
                                   capture_output=True, text=True, timeout=lab.WAIT, check=False)
            for text in ("BackupModules", extras["warning"], extras["error"]):
                self.assertIn(text, asked.stdout)
            for text in (extras["progress"], "Asked"):
                self.assertNotIn(text, asked.stdout + asked.stderr)

    def test_what_a_cmdlet_ends_with(self):
        """The process serves the others; after a failure of the cmdlet it is renewed."""
        cases = {"fatal": ({"fatal": "You have no access."}, "cmdlet", "You have no access."),
                 "only-error": ({"only_error": "Cannot find it."}, "cmdlet", "Cannot find it."),
                 "text": ({"text": True}, "parse", ""), "host-call": ({"host_call": True}, "cmdlet", ""),
                 "huge": ({"huge": 300000}, None, "")}
        pools = {f"{name}.example.com": pool for name, (pool, _, _) in cases.items()}
        with self.start(pools=pools) as agent:
            self.wait(agent.ready, "ready")
            expected = {(f"{name}.example.com", reason) for name, (_, reason, _) in cases.items() if reason}
            self.wait(lambda: set(self.failures(agent)) == expected, lambda: f"{expected}, not {self.failures(agent)}")
            self.assertEqual([pool for pool, up in self.up(agent).items() if up], [POOL, "huge.example.com"])
            for name, (_, _, text) in cases.items():
                self.assertIn(text, str(self.entries(agent, f"{name}.example.com")))

    def test_a_server_that_cannot_open_the_pool(self):
        kinds = {"broken": ({"broken": "The session configuration cannot be loaded."}, "cmdlet", "psrp.broken"),
                 "other-major": ({"protocol": "3.0"}, None, None)}
        self.write_scenario({"listeners": [{"name": name, "server": server} for name, (server, _, _) in kinds.items()],
                             "pools": {fqdn(name): {} for name in kinds}})
        self.configure_ssh({name: {} for name in kinds}, {fqdn(name): name for name in kinds})
        with self.agent() as agent:
            self.wait(lambda: len({pool for pool, _ in self.failures(agent)}) == 2, "both to fail")
            broken, other = (self.entries(agent, fqdn(name))[0] for name in kinds)
            self.assertEqual((broken["reason"], broken["code"], broken["stage"]), ("cmdlet", "psrp.broken", "open"))
            self.assertIn("The session configuration cannot be loaded.", str(broken))
            self.assertEqual((other["reason"], other["stage"]), ("protocol", "open"), other)

    def test_queries_at_once_use_the_processes_allowed(self):
        with self.start({"slow": "300ms"}, {"evaluation_interval": "1h", "evaluation_timeout": "10s"}, max_concurrent=3) as agent:
            self.wait(agent.ready, "ready")
            asked = [subprocess.Popen([lab.ASK, "-PoolFqdn", POOL, "-Category", category, *force],
                                      env={"SFB_BACKUP_EXPORTER_URL": f"http://{agent.address}"}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                     for category in ("UserData", "CMS", "RGS") for force in ([], ["-Force"])]
            codes = [(process.communicate(timeout=lab.WAIT)[1], process.returncode) for process in asked]
            # The pool has no RGS modules, which is no fault of the answer.
            self.assertEqual(codes, [(b"", 0)] * 4 + [(b"verdict: not configured\n", 0)] * 2)
            self.assertEqual(len(self.runs(POOL)), 7)
            self.assertLessEqual(len(self.started("atlanta")), 3)
            self.assertLessEqual(len(self.children(agent)), 3)

    def test_evaluate_that_is_interrupted_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number):
                self.start({"slow": "1h"}, {"evaluation_interval": "60s", "evaluation_timeout": "60s"})
                before = len(self.runs(POOL))
                process = subprocess.Popen([lab.AGENT, "evaluate", f"--config.file={self.folder}/agent.yml", POOL],
                                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                self.wait(lambda: len(self.runs(POOL)) > before, "the command to run")
                self.assertEqual(lab.stop(process, number), 1)
                self.assertIn(b"interrupted", process.stderr.read())
                process.stderr.close()
                self.assertEqual(self.leftovers(), [])
                self.assertEqual([entry["event"] for entry in self.journal()[-4:]], ["signal", "close", "close_pool", "end"])

    def test_modules_change_with_the_timetable(self):
        pool = {"modules": MODULES_2013, "every": "6s", "timetable": [{"at": "2s", "ConfServices.DataConf": "NonSteadyState,NormalState"},
                                                                      {"at": "4s", "ConfServices.DataConf": "ErrorState,ImportErrorState"}]}
        with self.start(pool, {"evaluation_interval": "1s", "evaluation_timeout": "1s"}) as agent:
            family = "sfb_backup_module_export_state"
            for state in ("FinalState", "NonSteadyState", "ErrorState", "FinalState"):
                series = f'{family}{{pool="{POOL}",module="ConfServices.DataConf",{family}="{state}"}}'
                self.wait(lambda name=series: agent.value(name) == 1, state)


if __name__ == "__main__":
    unittest.main(verbosity=2)
