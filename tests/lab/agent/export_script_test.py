"""deploy/windows/Export-BackupStatus.ps1 run by Microsoft's engine, and its files read by the agent over transport file."""

import json
import os
import re
import subprocess
import unittest

import engine
import expected
import lab

SCRIPT = lab.ROOT / "deploy" / "windows" / "Export-BackupStatus.ps1"
# The lab's cmdlet and functions in place of two others; each call is noted.
MODULE = """
Import-Module '{dll}'
function Get-CsManagementStoreReplicationStatus {{
    [CmdletBinding()] param([switch] $CentralManagementStoreStatus)
    Add-Content -LiteralPath '{calls}' "replication $CentralManagementStoreStatus"
    if ($CentralManagementStoreStatus) {{
        throw 'The Central Management Store cannot be reached.'
    }}
    foreach ($name in 'fe1.example.com', 'fe2.example.com') {{
        [pscustomobject]@{{ ReplicaFqdn = $name; UpToDate = $name -like 'fe1*'; LastStatusReport = [DateTime] '2026-01-31T10:00:00Z' }}
    }}
}}
function Get-CsBackupServiceConfiguration {{
    [CmdletBinding()] param([switch] $LocalStore)
    Add-Content -LiteralPath '{calls}' "configuration $LocalStore"
    [pscustomobject]@{{ SyncInterval = [TimeSpan] '00:02:00'; MaxConcurrentCalls = 10 }}
}}
function Get-CsPoolBackupRelationship {{
    [CmdletBinding()] param([string] $PoolFqdn, [switch] $LocalStore)
    Add-Content -LiteralPath '{calls}' "relationship $PoolFqdn $LocalStore"
    [pscustomobject]@{{ Anything = $PoolFqdn; Other = 'partner.example.com' }}
}}
Export-ModuleMember -Function * -Cmdlet *
"""
# What a task's file can say: no question was asked of a host, and no message was too long.
BAD = [name for name in expected.BAD if name not in ("readline", "prompts", "huge")]


def setUpModule():
    engine.need_lab()


class ExportScript(engine.EngineTest):
    MORE = {"two-errors": [{"do": "error", "text": "First trouble."}, {"do": "error", "text": "Second trouble."}],
            "error-throw": [{"do": "error", "text": "First trouble."}, {"do": "status"}, {"do": "throw", "text": "Second trouble."}]}

    def export(self, endpoint, names, *options, status=0, modules="plain", environment=None):
        """Runs the script as a task would. What it printed."""
        command = [engine.LAB, "-Modules", engine.LAB.parent / "modules" / modules, "-NoLogo", "-NoProfile", "-NonInteractive", "-File", SCRIPT, "-PoolFqdn",
                   ",".join(f"{name}.{endpoint}.example.com" for name in names), "-Path", self.folder / "exports", *options]
        run = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False,
                             env={**os.environ, "SFB_LAB_SCENARIO": str(self.scenario(endpoint)), "NO_COLOR": "1", **(environment or {})})
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        return run.stdout + run.stderr

    def files(self):
        return sorted(path.name for path in (self.folder / "exports").iterdir())

    def configure_files(self, endpoints, pools):
        self.configure_endpoints({name: {"transport": "file", "path": str(self.folder / "exports" / path), "max_age": "1h"}
                                  for name, path in endpoints.items()}, pools)

    def test_every_answer_in_both_forms(self):
        names = [*expected.GOOD, *BAD, "two-errors", "error-throw", "unlisted"]
        forms = {"clix": ("Clixml", "{pool}.clixml"), "json": ("Json", "{pool}.json")}
        for endpoint, (form, _) in forms.items():
            said = self.export(endpoint, names, "-Format", form, status=1)
            told = re.findall(rf"(?m)^WARNING: (\S+)\.{endpoint}\.example\.com All: ", said)
            # The parse failures are the exporter's verdict; the cmdlet was content.
            self.assertEqual(told, [*(name for name in BAD if expected.BAD[name][0] == "cmdlet"), "two-errors", "error-throw", "unlisted"])
        # An item that is gone from a file's list is seen, because the file says how many there were.
        whole = json.loads((self.folder / "exports" / "five.json.example.com.json").read_text(encoding="utf-8"))
        self.assertEqual(whole["Counts"], {"Output": 1, "Errors": 0, "Warnings": 0, "BackupModules": 5})
        whole = json.loads((self.folder / "exports" / "two-errors.json.example.com.json").read_text(encoding="utf-8"))
        self.assertEqual(whole["Counts"], {"Output": 0, "Errors": 2, "Warnings": 0})
        self.assertEqual(len(self.files()), 2 * len(names), "and nothing temporary")
        self.configure_files({endpoint: path for endpoint, (_, path) in forms.items()}, {endpoint: names for endpoint in forms})
        with self.agent() as agent:
            for endpoint in forms:
                texts = {name: expected.check_good(self, agent, name, endpoint).text for name in expected.GOOD}
                self.assertIn("WARNING: One front end did not answer.", texts["warning"])
                self.assertIn("The backup store cannot be read.", texts["error"])
                texts = {name: expected.check_bad(self, agent, name, endpoint, dropped=True).text for name in BAD}
                self.assertIn(f"fe1.status-throw.{endpoint}.example.com", texts["status-throw"])
                self.assertIn("FullyQualifiedErrorId : BackupServiceClosed,Sfb.Lab.GetCsBackupServiceStatusCommand", texts["status-throw"])
                for name, code in (("two-errors", "cmdlet.error"), ("error-throw", "cmdlet.failed"), ("unlisted", "cmdlet.error")):
                    answer = self.ask(agent, f"{name}.{endpoint}", edition="5.1")
                    self.assert_failed(answer, 502, "cmdlet", code, "query")
                    if name != "unlisted":
                        self.assertLess(answer.text.index("First trouble."), answer.text.index("Second trouble."))
                        self.assertEqual(answer.text.count("Second trouble."), 1, "the error that ended it stands in the list once")

    def test_every_category(self):
        self.export("cats", ["five", "throw"], "-PerCategory", status=1)
        self.assertEqual(self.files(), sorted(f"{name}.cats.example.com.{category}.clixml" for name in ("five", "throw")
                                              for category in ("All", "UserData", "CMS", "RGS")))
        self.configure_files({"cats": "{pool}.{category}.clixml"}, {"cats": ["five", "throw"]})
        with self.agent() as agent:
            expected.check_good(self, agent, "five", "cats")
            for category, count in (("UserData", 2), ("CMS", 1), ("RGS", 2)):
                answer = self.ask(agent, "five.cats", Category=category, **{"as": "json"})
                self.assert_good(answer)
                self.assertEqual(len(answer.json()["BackupModules"]), count)
            self.assert_failed(self.ask(agent, "throw.cats", Category="CMS"), 502, "cmdlet", "cmdlet.second_hop", "query")

    def lines(self, text):
        """A console shows a warning when it comes; an answer has warnings behind the output."""
        return [line for line in text.splitlines() if not line.startswith("WARNING: ")]

    def test_the_servers_own_text(self):
        names = ["healthy", "five", "no-module", "none", "warning", "error", "throw", "status-throw"]
        self.export("clix", names, "-IncludeText", modules="view", status=1)
        self.export("json", names, "-IncludeText", "-Format", "Json", modules="view", status=1)
        self.export("cats", ["five"], "-IncludeText", "-PerCategory", modules="view")
        self.export("bare", ["healthy"], modules="view")
        culture = self.export_of("healthy.json.example.com.json")["Text"]["Culture"]
        self.assertRegex(culture, r"^[A-Za-z-]*$")
        for name in ("throw", "status-throw"):
            self.assertNotIn("Text", self.export_of(f"{name}.json.example.com.json"), "of what a failure left")
        self.configure_files({"clix": "{pool}.clixml", "json": "{pool}.json", "cats": "{pool}.{category}.clixml", "bare": "{pool}.clixml"},
                             {"clix": names, "json": names, "cats": ["five"], "bare": ["healthy"]})
        with self.agent() as agent:
            for width in (80, 120):
                for endpoint in ("clix", "json", "cats"):
                    # With an error that is not fatal the console's text is beside ours, which lets it stand behind.
                    calls = [f"{name}.{endpoint}.example.com" for name in (["five"] if endpoint == "cats" else names[:5])]
                    calls += [f"five.cats.example.com -Category {category}" for category in ("UserData", "CMS", "RGS") if endpoint == "cats"]
                    for call, text in engine.console_texts(self, endpoint, width, calls, "view").items():
                        more = {"Category": call.split()[-1]} if "Category" in call else {}
                        answer = self.ask(agent, f"{call.split('.')[0]}.{endpoint}", width=width, **more)
                        self.assert_good(answer)
                        self.assertEqual(answer.headers["X-Rendered-By"], "server", answer.text)
                        self.assertEqual(self.lines(answer.text), self.lines(text), f"{call}, {width}")
                        self.assertEqual("WARNING: " in answer.text, "warning" in call)
                self.assertIn("Active machine", self.ask(agent, "error.clix", width=width).text)
                self.assertEqual(self.ask(agent, "throw.json", width=width).headers["X-Rendered-By"], "agent")
                self.assertEqual(self.ask(agent, "healthy.bare", width=width).headers["X-Rendered-By"], "agent")
            for more in ({"width": 100}, {"width": 80, "expand": "BackupModules"}, {"width": 80, "edition": "7"}):
                answer = self.ask(agent, "healthy.clix", **more)
                self.assertEqual(answer.headers["X-Rendered-By"], "agent", more)
                self.assertNotIn("Active machine", answer.text)

    def test_a_text_that_is_too_long_or_cannot_be_made(self):
        modules = self.folder / "more" / "SkypeForBusiness"
        modules.mkdir(parents=True)
        (modules / "SkypeForBusiness.psm1").write_text("""
function Get-CsBackupServiceStatus {
    [CmdletBinding()] param([string] $PoolFqdn)
    [pscustomobject]@{ One = 1; Two = 2; Three = 3; Notes = 'x' * 70000; BackupModules = @('A.B:[FinalState,NormalState]') }
}
if ($env:SFB_NO_TEXT) {
    function Out-String { throw 'No text here.' }
}
Export-ModuleMember -Function *
""", encoding="utf-8")
        for endpoint, more, words in (("long", {}, "it would be longer than 65536 characters"), ("none", {"SFB_NO_TEXT": "1"}, "No text here.")):
            said = self.export(endpoint, ["healthy"], "-IncludeText", "-Format", "Json", modules=modules.parent, environment=more)
            self.assertIn(f"healthy.{endpoint}.example.com All: the file has no text: {words}", " ".join(said.split()))
            export = self.export_of(f"healthy.{endpoint}.example.com.json")
            self.assertNotIn("Text", export)
            self.assertEqual((export["State"], len(export["Output"])), ("Completed", 1))

    def with_collectors(self):
        """A module that brings the other cmdlets as well, and the file that notes their calls."""
        folder = self.folder / "more" / "SkypeForBusiness"
        folder.mkdir(parents=True)
        (folder / "SkypeForBusiness.psm1").write_text(MODULE.format(dll=engine.LAB.parent / "SkypeForBusiness.Lab.dll", calls=self.folder / "calls"),
                                                      encoding="utf-8")
        return folder.parent, self.folder / "calls"

    def export_of(self, name):
        return json.loads((self.folder / "exports" / name).read_text(encoding="utf-8"))

    def test_collectors(self):
        modules, calls = self.with_collectors()
        known = ["backup_service_status", "management_store_replication", "central_management_store", "backup_service_configuration",
                 "pool_backup_relationship"]
        said = self.export("more", ["healthy", "five"], "-Collector", ",".join(reversed(known)), "-Format", "Json", status=1, modules=modules)
        self.assertEqual(self.files(), sorted(f"{name}.more.example.com.{collector}.json" for name in ("healthy", "five") for collector in known))
        self.assertEqual(calls.read_text(encoding="utf-8").split("\n"), ["replication False", "replication True", "configuration True",
                                                                       "relationship healthy.more.example.com True",
                                                                       "relationship five.more.example.com True", ""],
                         "the others once a run")
        self.assertEqual(said.count("central_management_store: The Central Management Store cannot be reached."), 2, "a line for each file")
        for name in ("healthy", "five"):
            exports = {collector: self.export_of(f"{name}.more.example.com.{collector}.json") for collector in known}
            for collector, export in exports.items():
                self.assertEqual((export["PoolFqdn"], export["Collector"]), (f"{name}.more.example.com", collector))
            self.assertEqual([(row["ReplicaFqdn"], row["UpToDate"]) for row in exports["management_store_replication"]["Output"]],
                             [("fe1.example.com", True), ("fe2.example.com", False)])
            failed = exports["central_management_store"]
            self.assertEqual((failed["State"], failed["Output"], len(failed["Errors"])), ("Failed", [], 1))
            self.assertEqual(exports["backup_service_configuration"]["Output"], [{"SyncInterval": "00:02:00", "MaxConcurrentCalls": 10}])
            self.assertEqual(exports["pool_backup_relationship"]["Output"], [{"Anything": f"{name}.more.example.com", "Other": "partner.example.com"}])
        self.configure_files({"more": "{pool}.{collector}.json"}, {"more": ["healthy", "five"]})
        with self.agent() as agent:
            self.assert_good(self.ask(agent, "healthy.more"))

    def test_collectors_beside_categories_and_without_their_cmdlet(self):
        said = self.export("more", ["healthy"], "-Collector", "management_store_replication,pool_backup_relationship,backup_service_status",
                           "-PerCategory", status=1)
        names = [f"backup_service_status.{category}" for category in ("All", "UserData", "CMS", "RGS")]
        names += ["management_store_replication.All", "pool_backup_relationship.All"]
        self.assertEqual(self.files(), sorted(f"healthy.more.example.com.{name}.clixml" for name in names))
        self.assertIn("management_store_replication: The term 'Get-CsManagementStoreReplicationStatus' is not recognized", said)
        self.configure_files({"more": "{pool}.{collector}.{category}.clixml"}, {"more": ["healthy"]})
        with self.agent() as agent:
            self.assert_good(self.ask(agent, "healthy.more"))
            self.assert_good(self.ask(agent, "healthy.more", Category="CMS"))

    def test_modules_that_are_not_there_or_bring_nothing(self):
        # The first that is not there says nothing about the second, and a session may know the cmdlet by itself.
        self.assertEqual(self.export("file", ["healthy"], "-Module", "NoSuchModule,SkypeForBusiness"), "")
        self.assertEqual(self.export("file", ["healthy"], "-Module", "NoSuchModule"), "")
        (self.folder / "none").mkdir()
        self.configure_files({"file": "{pool}.clixml"}, {"file": ["healthy"]})
        with self.agent() as agent:
            self.assert_good(self.ask(agent, "healthy.file"))
            for module, code, words in (("NoSuchModule,OtherModule", "cmdlet.import_failed", "'OtherModule' was not loaded"),
                                        ("Microsoft.PowerShell.Utility", "cmdlet.failed", "None of the modules brings Get-CsBackupServiceStatus")):
                said = self.export("file", ["healthy"], "-Module", module, status=1, modules=self.folder / "none")
                self.assertIn(words, said)
                answer = self.ask(agent, "healthy.file", width=300)
                self.assert_failed(answer, 502, "cmdlet", code, "query")
                self.assertIn(words, answer.text)

    def test_what_it_refuses(self):
        for name, words, status in (("ill..name", "is not a host name", 2), ("", "", 1)):
            said = self.export("file", [name] if name else [], status=status)
            self.assertIn(words, said)
        said = self.export("file", ["healthy"], "-Collector", "backup_service_status,../x", status=2)
        self.assertIn("Collector: '../x' is unknown. Known are backup_service_status, management_store_replication, ", said)
        self.assertEqual(self.files(), [])


if __name__ == "__main__":
    unittest.main()
