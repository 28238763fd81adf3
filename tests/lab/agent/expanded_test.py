"""The modules as objects of their own, byte for byte as PowerShell 7's live console prints `(Get-CsBackupServiceStatus ...).BackupModules` where the
server renders them, and as it prints the objects read back, which are all that ever leaves a server, where the agent does."""

import os
import subprocess
import unittest

import console
import engine
import lab
from export_script_test import SCRIPT
from sessions_test import NARROW

POOLS = ["healthy", "final", "backlog", "fresh", "failing", "one", "five", "unknown-module", "no-module", "none"]
WIDTHS = (30, 80, 120)
WORKING = ("healthy", "one", "five")  # of others the command says on stderr what is wrong, and a terminal shows both
LIVE = "(Get-CsBackupServiceStatus -PoolFqdn {}).BackupModules"
# As remoting sends them: depth 1.
READ_BACK = "[Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize(@({}), 1))"


def setUpModule():
    engine.need_lab()


class Expanded(engine.EngineTest):
    def printed(self, endpoint, width, expressions, modules="plain"):
        """{expression: what a console of PowerShell 7 of that width prints of it}."""
        script = "; ".join(f"{expression} | Out-Default; [Console]::WriteLine('====')" for expression in expressions)
        status, text = console.terminal(width, [str(engine.LAB), "-NoLogo", "-NoProfile", "-Modules", str(engine.LAB.parent / "modules" / modules),
                                                "-Command", script],
                                        {**os.environ, "SFB_LAB_SCENARIO": str(self.scenario(endpoint)), "NO_COLOR": "1", "TERM": "dumb"})
        self.assertEqual(status, 0, text)
        texts = text.split("====\n")
        self.assertEqual(texts.pop(), "")
        return dict(zip(expressions, texts, strict=True))

    def check(self, agent, pool, width, text, by="agent", **more):
        """The text, by HTTP and by the command, which prints as wide as its terminal; and which side made it."""
        answer = self.ask(agent, pool, width=width, expand="BackupModules", **more)
        self.assert_good(answer)
        self.assertEqual((answer.headers["X-Rendered-By"], answer.text), (by, text), f"{pool}, {width}")
        if pool.split(".")[0] in WORKING and width >= 80:
            words = [word for name, value in more.items() for word in (f"-{name}", value)]
            said = console.terminal(width, [str(lab.ASK), "-PoolFqdn", f"{pool}.example.com", "-ExpandProperty", "BackupModules", *words],
                                    {"SFB_BACKUP_EXPORTER_URL": f"http://{agent.address}", "TERM": "dumb"})
            # A terminal shows stderr too, where the verdict stands if it is not good.
            self.assertRegex(said[1][len(text):], r"\A(verdict: [^\n]*\n|)\Z")
            self.assertEqual((said[0], said[1][:len(text)]), (0, text), f"the command, {pool}, {width}")

    def test_as_remoting_sends_them(self):
        # Plain remoting makes texts of the modules; a type of depth 2 keeps objects; without scripts nothing comes but the answer itself.
        # Where there are no scripts or no Out-String, the agent renders what came.
        ways = {"full": {}, "deep": {"modules": "depth2"}, "cons": {"session": "constrained"}, "nola": {"session": "nolanguage"}, "narr": {"session": NARROW}}
        servers = ("full", "deep", "cons")
        self.configure_engine(ways, {way: POOLS for way in ways})
        live = {pool: LIVE.format(f"{pool}.full.example.com") for pool in POOLS}
        cms = LIVE.format("five.full.example.com -Category CMS")
        with self.agent() as agent:
            for width in WIDTHS:
                expressions = [*live.values(), cms]
                texts = self.printed("full", width, [form.format(one) for form in (READ_BACK, "{}") for one in expressions])
                self.assertIn("UserServices.", texts[READ_BACK.format(live["healthy"])])
                self.assertNotEqual(texts[live["healthy"]], texts[READ_BACK.format(live["healthy"])])
                for way in ways:
                    by, form = ("server", "{}") if way in servers else ("agent", READ_BACK)
                    for pool, expression in live.items():
                        self.check(agent, f"{pool}.{way}", width, texts[form.format(expression)], by)
                    self.check(agent, f"five.{way}", width, texts[form.format(cms)], by, Category="CMS")
                # An edition asks for the agent's own formatter, which has the objects read back.
                self.check(agent, "healthy.full", width, texts[READ_BACK.format(live["healthy"])], edition="7")
                # A live enum is a number to the formatter: it stands on the right of its column, where a text stands on the left. Where nothing
                # is cut off, that is all that differs.
                for expression in expressions if width >= 80 else ():
                    words = [[line.split() for line in texts[one].splitlines()] for one in (expression, READ_BACK.format(expression))]
                    self.assertEqual(words[0], words[1], expression)

    def test_as_the_same_objects_read_back(self):
        forms = {"clix": ("Clixml", "clixml", "(Import-Clixml '{}').Output.BackupModules"),
                 "json": ("Json", "json", "(Get-Content -Raw '{}' | ConvertFrom-Json).Output.BackupModules")}
        for endpoint, (form, _, _) in forms.items():
            subprocess.run([engine.LAB, "-Modules", engine.LAB.parent / "modules" / "plain", "-NoLogo", "-NoProfile", "-NonInteractive", "-File", SCRIPT,
                            "-PoolFqdn", ",".join(f"{pool}.{endpoint}.example.com" for pool in POOLS), "-Path", self.folder / "exports", "-Format", form],
                           timeout=240, check=True, capture_output=True, env={**os.environ, "SFB_LAB_SCENARIO": str(self.scenario(endpoint)), "NO_COLOR": "1"})
        self.configure_endpoints({endpoint: {"transport": "file", "path": str(self.folder / "exports" / f"{{pool}}.{suffix}"), "max_age": "1h"}
                                  for endpoint, (_, suffix, _) in forms.items()}, {endpoint: POOLS for endpoint in forms})
        with self.agent() as agent:
            for width in WIDTHS:
                for endpoint, (_, suffix, reading) in forms.items():
                    read = {pool: reading.format(self.folder / "exports" / f"{pool}.{endpoint}.example.com.{suffix}") for pool in POOLS}
                    texts = self.printed(endpoint, width, list(read.values()))
                    for pool, expression in read.items():
                        self.check(agent, f"{pool}.{endpoint}", width, texts[expression])


if __name__ == "__main__":
    unittest.main()
