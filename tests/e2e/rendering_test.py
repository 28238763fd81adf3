"""Who renders an answer's text, and in which style: the server itself, or the agent as an edition and a view."""

import json
import subprocess
import unittest

import lab
from lab import LabTest

POOL = "atl.example.com"
# What Out-String of a made-up server with a view of its own gives; Windows ends lines with CR LF.
VIEW = "\r\nBackup of atl\r\n-------------\r\nall    is well\r\n\r\n"
# And of its modules, whose states are enums: these stand right.
MODULES = "\r\nIdentity ExportStatus\r\n-------- ------------\r\nA.B        FinalState\r\n\r\n"


class Rendering(LabTest):
    def setting(self, pool=None, **server):
        return {"listeners": [{"name": "site", "server": server}], "pools": {POOL: pool or {}}}

    def ask(self, simulator, body):
        self.configure_winrm({"site": {"url": simulator.url("site")}}, {POOL: "site"}, settings={"evaluation_interval": "1h"})
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            body(agent)

    def test_the_server_renders_where_it_can(self):
        with self.simulator(self.setting({"rendered": VIEW, "warning": "slow today"})) as simulator:
            def body(agent):
                answer = agent.query(POOL, width=80)
                self.assertEqual((answer.status, answer.headers["X-Rendered-By"]), (200, "server"), answer.text)
                self.assertEqual(answer.text, VIEW.replace("\r\n", "\n") + "WARNING: slow today\n")
                self.assertEqual(simulator.status()["last_call"]["sfbwidth"], "79")
                # What only our formatter can do, and what is no text, is not asked for.
                for other in ({"edition": "5.1"}, {"view": "list"}, {"as": "json"}, {"as": "clixml"}):
                    answer = agent.query(POOL, **other)
                    self.assertEqual((answer.status, answer.headers["X-Rendered-By"]), (200, "agent"), answer.text)
                    self.assertNotIn("all    is well", answer.text)
                    self.assertNotIn("sfbwidth", simulator.status()["last_call"])
            self.ask(simulator, body)

    def test_the_server_renders_the_modules(self):
        with self.simulator(self.setting({"rendered": VIEW, "rendered_modules": MODULES, "warning": "slow today"})) as simulator:
            def body(agent):
                for _ in range(2):
                    answer = agent.query(POOL, width=80, expand="BackupModules")
                    self.assertEqual((answer.status, answer.headers["X-Rendered-By"]), (200, "server"), answer.text)
                    self.assertEqual(answer.text, MODULES.replace("\r\n", "\n") + "WARNING: slow today\n")
                    call = simulator.status()["last_call"]
                    self.assertEqual((call["sfbwidth"], call["sfbexpand"]), ("79", "true"))
                    answer = agent.query(POOL, width=80)
                    self.assertEqual(answer.text, VIEW.replace("\r\n", "\n") + "WARNING: slow today\n")
                    self.assertNotIn("sfbexpand", simulator.status()["last_call"])
                for other in ({"edition": "5.1"}, {"view": "list"}, {"as": "json"}, {"as": "clixml"}):
                    answer = agent.query(POOL, width=80, expand="BackupModules", **other)
                    self.assertEqual((answer.status, answer.headers["X-Rendered-By"]), (200, "agent"), answer.text)
                    self.assertIn("UserServices.PresenceFocus", answer.text)
                    self.assertNotIn("sfbexpand", simulator.status()["last_call"])
                asked = subprocess.run([lab.ASK, "-PoolFqdn", POOL, "-ExpandProperty", "BackupModules"], capture_output=True, text=True,
                                       timeout=lab.WAIT, check=False, env={"SFB_BACKUP_EXPORTER_URL": f"http://{agent.address}"})
                self.assertEqual((asked.returncode, asked.stdout), (0, MODULES.replace("\r\n", "\n") + "WARNING: slow today\n"), asked.stderr)
            self.ask(simulator, body)

    def test_a_cached_text_serves_only_the_form_it_has(self):
        with self.simulator(self.setting({"rendered": VIEW, "rendered_modules": MODULES})) as simulator:
            def body(agent):
                for first, second, text in (({"expand": "BackupModules"}, {}, MODULES), ({}, {"expand": "BackupModules"}, VIEW)):
                    agent.query(POOL, width=80, **first)
                    cached = agent.query(POOL, width=80, max_age=3600, **first)
                    self.assertEqual((cached.headers["X-Evaluation-Source"], cached.headers["X-Rendered-By"]), ("cache", "server"))
                    self.assertEqual(cached.text, text.replace("\r\n", "\n"))
                    other = agent.query(POOL, width=80, max_age=3600, **second)
                    self.assertEqual((other.headers["X-Evaluation-Source"], other.headers["X-Rendered-By"]), ("cache", "agent"))
                    self.assertNotEqual(other.text, cached.text)
                    self.assertIn("UserServices.", other.text)
            self.ask(simulator, body)

    def test_modules_that_are_text_on_the_server_are_taken_apart(self):
        with self.simulator(self.setting({"rendered": VIEW})) as simulator:
            def body(agent):
                for _ in range(2):
                    answer = agent.query(POOL, width=80, expand="BackupModules")
                    self.assertEqual((answer.status, answer.headers["X-Rendered-By"]), (200, "agent"), answer.text)
                    self.assertRegex(answer.text, r"\A\nIdentity +ExportStatus +ImportStatus *\n")
                    self.assertEqual(simulator.status()["last_call"]["sfbexpand"], "true", "that is of this answer only")
                    self.assertEqual(agent.query(POOL, width=80).headers["X-Rendered-By"], "server")
            self.ask(simulator, body)

    def test_a_session_without_out_string_is_asked_once(self):
        with self.simulator(self.setting()) as simulator:
            def body(agent):
                for asked in ("79", None, None):
                    answer = agent.query(POOL, width=80)
                    self.assertEqual((answer.status, answer.headers["X-Rendered-By"]), (200, "agent"), answer.text)
                    self.assertIn("BackupModules", answer.text)
                    self.assertEqual(simulator.status()["last_call"].get("sfbwidth"), asked)
            self.ask(simulator, body)

    def test_without_scripts_the_agent_renders(self):
        with self.simulator(self.setting({"rendered": VIEW}, language="none")) as simulator:
            def body(agent):
                answer = agent.query(POOL)
                self.assertEqual((answer.status, answer.headers["X-Rendered-By"]), (200, "agent"), answer.text)
                self.assertIn("BackupModules", answer.text)
                self.assertEqual(agent.query(POOL, expand="BackupModules").headers["X-Rendered-By"], "agent")
            self.ask(simulator, body)

    def test_text_follows_the_servers_version(self):
        for version, edition in (("3.0", "3.0"), ("4.0", "4.0"), ("5.1.17763.1", "5.1"), ("7.6.9", "7")):
            with self.subTest(version=version), self.simulator(self.setting(ps_version=version)) as simulator:
                def body(agent):
                    for width in (60, 120):
                        self.assertEqual(agent.query(POOL, width=width).text, agent.query(POOL, width=width, edition=edition).text)
                    texts = {agent.query(POOL, width=60, edition=other).text for other in ("4.0", "5.1", "7")}
                    self.assertEqual(len(texts), 3)
                self.ask(simulator, body)

    def test_editions_and_views_are_asked_for_by_name(self):
        with self.simulator(self.setting({"rendered": VIEW})) as simulator:
            def body(agent):
                for edition in ("3.0", "4.0", "5.1", "7"):
                    for view in ("list", "table", "autosize", "wrap"):
                        answer = agent.query(POOL, edition=edition, view=view)
                        self.assertEqual((answer.status, answer.headers["X-Rendered-By"]), (200, "agent"), answer.text)
                        self.assertIn("BackupModules", answer.text)
                for refused, why in (({"edition": "6"}, "is none of 3.0, 4.0, 5.1 and 7."), ({"view": "grid"}, "is none of list"),
                                     ({"edition": "7", "as": "clixml"}, "does not go with as=clixml"),
                                     ({"view": "list", "as": "json"}, "does not go with as=json")):
                    answer = agent.query(POOL, width=500, **refused)
                    self.assertEqual(answer.status, 400, answer.text)
                    self.assertIn(why, answer.text)
            self.ask(simulator, body)

    def test_evaluate_and_transport_ssh(self):
        scenario = self.folder / "scenario.yml"
        scenario.write_text(json.dumps(self.setting({"rendered": VIEW})), encoding="utf-8")
        (self.folder / "agent.yml").write_text(json.dumps({
            "global": {"min_live_interval": "0s"}, "endpoints": {"site": {"transport": "ssh", "program": [str(lab.SIMULATOR), str(scenario), "--stdio"]}},
            "pools": [{"fqdn": POOL, "endpoint": "site", "paired_pool": "chi.example.com", "site": "lab"}],
            "authorization": {"allow_anonymous": "loopback"}}), encoding="utf-8")
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            answer = agent.query(POOL)
            self.assertEqual((answer.status, answer.headers["X-Rendered-By"]), (200, "server"), answer.text)
            self.assertEqual(answer.text, VIEW.replace("\r\n", "\n"))
        shown = subprocess.run([lab.AGENT, "evaluate", "--config.file", self.folder / "agent.yml", POOL], capture_output=True, text=True,
                               timeout=lab.WAIT, check=False)
        self.assertEqual((shown.returncode, shown.stdout), (0, VIEW.replace("\r\n", "\n")), shown.stderr)
        self.assertIn("text by the server", shown.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
