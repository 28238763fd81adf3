"""The sections of tests/discover: by Export-BackupStatus.ps1 -WriteConfiguration in Microsoft's engine, and by `discover`, which asks that engine."""

import json
import os
import subprocess
import unittest

import engine
import lab

SCRIPT = lab.ROOT / "deploy" / "windows" / "Export-BackupStatus.ps1"
CASES = lab.ROOT / "tests" / "discover"
# Each cmdlet gives what NAME.clixml holds, and NAME.error beside it.
MODULE = """
function Out-Case([string] $Name) {
    $file = "@CASE@/$Name"
    if (Test-Path -LiteralPath "$file.clixml") { Import-Clixml -LiteralPath "$file.clixml" }
    if (Test-Path -LiteralPath "$file.error") { Write-Error ([IO.File]::ReadAllText("$file.error")) }
}
function Get-CsService { [CmdletBinding()] param([switch] $UserServer) if ($UserServer) { Out-Case 'Get-CsService' } }
function Get-CsPool { [CmdletBinding()] param() Out-Case 'Get-CsPool' }
function Get-CsManagementStoreReplicationStatus {
    [CmdletBinding()] param([switch] $CentralManagementStoreStatus)
    if ($CentralManagementStoreStatus) { Out-Case 'Get-CsManagementStoreReplicationStatus' }
}
function Get-CsPoolBackupRelationship { [CmdletBinding()] param([string] $PoolFqdn@LOCALSTORE@) Out-Case "Get-CsPoolBackupRelationship.$PoolFqdn" }
"""


def setUpModule():
    engine.need_lab()


class WriteConfiguration(engine.EngineTest):
    def module(self, name="modules", case="$env:SFB_CASE", local_store=True):
        folder = self.folder / name / "SkypeForBusiness"
        folder.mkdir(parents=True)
        text = MODULE.replace("@LOCALSTORE@", ", [switch] $LocalStore" if local_store else "").replace("@CASE@", str(case))
        (folder / "SkypeForBusiness.psm1").write_text(text, encoding="utf-8")
        return folder.parent

    def write(self, case, *options, modules):
        """Runs the script against the answers of a case."""
        command = [engine.LAB, "-Modules", modules, "-NoLogo", "-NoProfile", "-NonInteractive", "-File", SCRIPT, *options]
        return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, encoding="utf-8",
                              env={**os.environ, "SFB_CASE": str(CASES / case), "NO_COLOR": "1"})

    def test_each_section_is_the_one_of_discover(self):
        cases = sorted(path.name for path in CASES.iterdir() if path.is_dir())
        self.assertGreaterEqual(len(cases), 10)
        # In one process: the engine takes seconds to start.
        loop = (f"foreach ($case in '{' '.join(cases)}' -split ' ') {{ $env:SFB_CASE = '{CASES}/' + $case; "
                f"& '{SCRIPT}' -WriteConfiguration -Path ('{self.folder}/' + $case + '.yml'); \"exit $case $LASTEXITCODE\" }}")
        run = subprocess.run([engine.LAB, "-Modules", self.module(), "-NoLogo", "-NoProfile", "-NonInteractive", "-Command", loop],
                             capture_output=True, text=True, timeout=240, check=False, encoding="utf-8", env={**os.environ, "NO_COLOR": "1"})
        for case in cases:
            with self.subTest(case=case):
                file = self.folder / f"{case}.yml"
                self.assertIn(f"exit {case} {2 if case == 'empty' else 1 if case == 'errors' else 0}\n", run.stdout, run.stderr)
                if case == "empty":
                    self.assertIn("No pool with users was named.", run.stdout + run.stderr)
                    self.assertFalse(file.exists())
                else:
                    self.assertEqual(file.read_text(encoding="utf-8"), (CASES / case / "expected.yml").read_text(encoding="utf-8"))

    def test_discover_writes_the_same_of_what_the_engine_serialises(self):
        for case in ("errors", "odd", "pairs", "strings"):
            with self.subTest(case=case):
                program = [str(engine.LAB), "-s", "-NoLogo", "-NoProfile", "-Modules", str(self.module(case, CASES / case))]
                endpoint = {"transport": "ssh", "program": program, "import_module": "SkypeForBusiness"}
                (self.folder / "agent.yml").write_text(json.dumps({"endpoints": {"front-end": endpoint}}), encoding="utf-8")
                run = subprocess.run([lab.AGENT, "discover", f"--config.file={self.folder}/agent.yml"], capture_output=True, text=True,
                                     timeout=240, check=False, encoding="utf-8")
                self.assertEqual(run.returncode, 0, run.stderr)
                self.assertEqual(run.stdout, (CASES / case / "expected.yml").read_text(encoding="utf-8"))

    def test_it_prints_too_and_takes_the_name_of_the_endpoint(self):
        run = self.write("pairs", "-WriteConfiguration", "-EndpointName", "atlanta", modules=self.module())
        self.assertEqual(run.returncode, 0, run.stderr)
        expected = (CASES / "pairs" / "expected.yml").read_text(encoding="utf-8")
        self.assertEqual(run.stdout, expected.replace("front-end", "atlanta"))

    def test_a_server_without_local_store(self):
        run = self.write("pairs", "-WriteConfiguration", modules=self.module(local_store=False))
        self.assertEqual((run.returncode, run.stdout), (0, (CASES / "pairs" / "expected.yml").read_text(encoding="utf-8")), run.stderr)

    def test_what_it_refuses(self):
        modules = self.module()
        for options, words, status in ((("-WriteConfiguration", "-EndpointName", "a: b"), "EndpointName", 1),
                                       (("-WriteConfiguration", "-PoolFqdn", "a.example.com"), "Parameter set", 1),
                                       (("-WriteConfiguration", "-Module", "NoSuchModule"), "NoSuchModule", 2),
                                       (("-WriteConfiguration", "-Path", "/no/such/folder/pools.yml"), "cannot be written", 2)):
            with self.subTest(options=options):
                (self.folder / "none").mkdir(exist_ok=True)
                run = self.write("pairs", *options, modules=self.folder / "none" if "-Module" in options else modules)
                self.assertEqual(run.returncode, status, run.stdout + run.stderr)
                self.assertIn(words, run.stdout + run.stderr)


if __name__ == "__main__":
    unittest.main()
