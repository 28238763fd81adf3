"""Text that Microsoft's engine renders itself, because only it knows its format views and live types, against its own console."""

import base64
import json
import re
import shlex
import unittest

import engine
from sessions_test import NARROW

POOLS = ["healthy", "five", "no-module", "none", "warning"]


def setUpModule():
    engine.need_lab()


class Rendering(engine.EngineTest):
    def assert_rendered(self, answer, by):
        self.assert_good(answer)
        self.assertEqual(answer.headers["X-Rendered-By"], by, answer.text)

    def test_as_the_servers_own_console(self):
        self.configure_engine({"full": {}, "view": {"modules": "view"}}, {"full": POOLS, "view": POOLS})
        with self.agent() as agent:
            for endpoint, modules in (("full", "plain"), ("view", "view")):
                for width in (80, 120):
                    calls = [f"{name}.{endpoint}.example.com" for name in POOLS] + [f"five.{endpoint}.example.com -Category CMS"]
                    texts = engine.console_texts(self, endpoint, width, calls, modules)
                    for call, text in texts.items():
                        name, category = call.split(".")[0], {"Category": "CMS"} if "CMS" in call else {}
                        answer = self.ask(agent, f"{name}.{endpoint}", width=width, **category)
                        self.assert_rendered(answer, "server")
                        # A console shows a warning when it comes; an answer has warnings behind the output.
                        lines = [line for line in text.splitlines() if not line.startswith("WARNING: ")]
                        self.assertEqual([line for line in answer.text.splitlines() if not line.startswith("WARNING: ")], lines, f"{call}, {width}")
                        self.assertEqual("WARNING: " in answer.text, name == "warning")
            self.assertIn("Active machine", self.ask(agent, "healthy.view").text)
            self.assertNotIn("Active machine", self.ask(agent, "healthy.view", edition="7").text)

    def test_what_the_servers_text_has_that_ours_cannot(self):
        self.configure_engine({"full": {}, "cons": {"session": "constrained"}}, {"full": ["healthy", "error", "status-throw"], "cons": ["healthy"]})
        with self.agent() as agent:
            servers, ours = self.ask(agent, "healthy.full", width=80), self.ask(agent, "healthy.full", width=80, edition="7")
            self.assert_rendered(servers, "server")
            self.assert_rendered(ours, "agent")
            # Remoting makes an enum a text: what a console of the server aligns to the right as a number, one of the agent takes for a word.
            differing = [pair for pair in zip(servers.text.splitlines(), ours.text.splitlines(), strict=True) if pair[0] != pair[1]]
            self.assertEqual([tuple(line[:70] for line in pair) for pair in differing],
                             [("fe1.healthy.full.example.com         SteadyState         NormalState {",
                               "fe1.healthy.full.example.com SteadyState         NormalState         {")])
            self.assert_rendered(self.ask(agent, "healthy.cons", width=80), "server")
            # Errors stand behind the server's text, and what was cut off by one is the agent's text.
            error = self.ask(agent, "error.full", width=80)
            self.assert_rendered(error, "server")
            self.assertRegex(error.text, r"(?s)^\nActiveMachineFqdn .*ErrorState         NormalState \{.*\n\nGet-CsBackupServiceStatus: The backup store cannot be read\.\n")
            self.assertNotIn("cannot be read", self.ask(agent, "error.full", width=80, Force="true").text)
            thrown = self.ask(agent, "status-throw.full", width=80)
            self.assert_failed(thrown, 502, "cmdlet", "cmdlet.failed", "query")
            self.assertEqual(thrown.headers["X-Rendered-By"], "agent")
            # Forms that are no text are nobody's text.
            self.assertEqual(self.ask(agent, "healthy.full", **{"as": "json"}).headers["X-Rendered-By"], "agent")

    def test_a_session_with_colours_and_in_strict_mode(self):
        (self.folder / "start.ps1").write_text("Set-StrictMode -Version Latest\n$PSStyle.OutputRendering = 'Ansi'\n", encoding="ascii")
        session = self.folder / "strict.pssc"
        session.write_text(f"@{{ SchemaVersion = '2.0.0.0'; GUID = '7a1a1d5e-1111-4c56-8d0f-54f3a1f0b907'; SessionType = 'Default'; "
                           f"ScriptsToProcess = '{self.folder / 'start.ps1'}' }}\n", encoding="ascii")
        self.configure_engine({"full": {}, "hard": {"session": session}}, {"full": ["healthy"], "hard": ["healthy", "null", "text", "none", "two", "error"]})
        with self.agent() as agent:
            plain, coloured = self.ask(agent, "healthy.full", width=80), self.ask(agent, "healthy.hard", width=80)
            for answer in (plain, coloured):
                self.assert_rendered(answer, "server")
            self.assertEqual(coloured.text.replace(".hard.", ".full."), plain.text)
            shown = [self.ask(agent, f"healthy.{endpoint}", width=80, expand="BackupModules") for endpoint in ("full", "hard")]
            for answer in shown:
                self.assert_rendered(answer, "server")
                self.assertEqual(answer.text, shown[0].text)
            for pool in ("none", "null"):
                self.assertEqual(self.ask(agent, f"{pool}.hard", expand="BackupModules").text, "")
            # What the script looks for in vain is no error of the cmdlet.
            null = self.ask(agent, "null.hard")
            self.assert_rendered(null, "server")
            self.assertEqual(null.text, "")
            text = self.ask(agent, "text.hard")
            self.assert_failed(text, 502, "parse", "status.unrecognised", "parse")
            self.assertNotIn("BackupModules' cannot be found", text.text)
            # What the script counts in strict mode.
            for pool in ("none", "error"):
                self.assert_good(self.ask(agent, f"{pool}.hard"))
            self.assert_failed(self.ask(agent, "two.hard"), 502, "parse", "status.several", "parse")

    def test_modules_that_are_text_on_the_server_too(self):
        (self.folder / "start.ps1").write_text("function Get-CsBackupServiceStatus { [CmdletBinding()] param($PoolFqdn)\n"
                                               "  [pscustomobject]@{ BackupModules = @('A.B:[FinalState,NormalState]', 'C.D:[ErrorState,NormalState]') } }\n",
                                               encoding="ascii")
        session = self.folder / "texts.pssc"
        session.write_text(f"@{{ SchemaVersion = '2.0.0.0'; GUID = '7a1a1d5e-1111-4c56-8d0f-54f3a1f0b908'; SessionType = 'Default'; "
                           f"ScriptsToProcess = '{self.folder / 'start.ps1'}' }}\n", encoding="ascii")
        self.configure_engine({"text": {"session": session}}, {"text": ["healthy"]})
        with self.agent() as agent:
            for _ in range(2):
                modules = self.ask(agent, "healthy.text", width=80, expand="BackupModules")
                self.assert_rendered(modules, "agent")
                self.assertEqual([line.split() for line in modules.text.split("\n") if line][::2],
                                 [["Identity", "ExportStatus", "ImportStatus"], ["A.B", "FinalState", "NormalState"]])
                self.assert_rendered(self.ask(agent, "healthy.text", width=80), "server")

    def test_where_the_server_may_not(self):
        self.configure_engine({"none": {"session": "nolanguage"}, "narr": {"session": NARROW}}, {"none": ["healthy"], "narr": ["healthy"]})
        # What the agent says to one of them is kept.
        path, heard = self.folder / "agent.yml", self.folder / "heard"
        settings = json.loads(path.read_text(encoding="utf-8"))
        settings["endpoints"]["narr"]["program"] = ["/bin/sh", "-c", f"tee '{heard}' | {shlex.join(self.program('narr', session=NARROW))}"]
        path.write_text(json.dumps(settings), encoding="utf-8")
        with self.agent() as agent:
            self.wait(agent.ready, "the first cycle")
            for endpoint in ("none", "narr"):
                first, second = self.ask(agent, f"healthy.{endpoint}", width=120), self.ask(agent, f"healthy.{endpoint}", width=120)
                for answer in (first, second):
                    self.assert_rendered(answer, "agent")
                    self.assertIn("UserServices", answer.text)
        said = [base64.b64decode(data).decode("utf-8", "replace") for data in re.findall(r">([A-Za-z0-9+/=]+)</Data>", heard.read_text(encoding="ascii"))]
        runs = ['N="N">SfbWidth<' in message or 'N="N">-SfbWidth<' in message for message in said if "Get-CsBackupServiceStatus @" in message]
        self.assertEqual(runs, [False, True, False], "the schedule, the first query, and the second one that does not ask again")


if __name__ == "__main__":
    unittest.main()
