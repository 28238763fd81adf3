"""deploy/windows/jea in Microsoft's engine: what the agent asks passes the session that is shipped, and nothing else does.

The engine off Windows knows no role of a user and no account to run as. So once the engine reads the shipped pair itself, with a stand-in for
the group; and once the agent asks through what the script writes for a RunAs account, which has the same list in the configuration itself."""

import json
import os
import re
import shutil
import subprocess
import unittest

import engine
import expected
import lab

JEA = lab.ROOT / "deploy" / "windows" / "jea"
SCRIPT = JEA / "Register-SfbBackupJea.ps1"
# What every session of this type has; the engine limits them itself.
HELPERS = {"Clear-Host", "Exit-PSSession", "Get-Command", "Get-FormatData", "Get-Help", "Measure-Object", "Out-Default", "Select-Object"}
ALLOWED = {
    "Get-CsBackupServiceStatus": {"PoolFqdn", "Category", "Force", "BypassDualWrite"},
    "Get-CsBackupServiceConfiguration": {"Identity", "Filter", "LocalStore"},
    "Get-CsManagementStoreReplicationStatus": {"ReplicaFqdn", "CentralManagementStoreStatus"},
    "Get-CsPoolBackupRelationship": {"PoolFqdn", "LocalStore", "Force"},
    "Get-CsPool": {"Identity"},
    "Get-CsService": {"UserServer"},
}
# The lab has the status alone; these stand for the others, each with a parameter that must not get through, and one that may change something.
CMDLETS = "".join(f"""
[Cmdlet("{name.split("-")[0]}", "{name.split("-")[1]}")]
public class {name.replace("-", "")} : PSCmdlet {{
{"".join(f"[Parameter] public {'SwitchParameter' if parameter in switches else 'string'} {parameter} {{ get; set; }}" for parameter in [*parameters, "Verbatim"])}
protected override void EndProcessing() {{ WriteObject("{name} " + string.Join(",", MyInvocation.BoundParameters.Keys)); }} }}"""
                  for switches in [{"LocalStore", "Force", "CentralManagementStoreStatus", "UserServer"}]
                  for name, parameters in [*((name, sorted(keys)) for name, keys in ALLOWED.items() if name != "Get-CsBackupServiceStatus"),
                                           ("Remove-CsEverything", [])])
MODULE = "@{{ ModuleVersion = '7.0'; GUID = '2b6f0d0e-5a55-4a8e-9b0b-4f0c8f0d7a02'; NestedModules = '{lab}', '{more}'; CmdletsToExport = '*' }}"
BY_ENGINE = """
$state = [System.Management.Automation.Runspaces.InitialSessionState]::CreateFromSessionConfigurationFile('{file}',
    [Func[string, bool]] {{ param($role) $role -eq 'CONTOSO\\SfbBackupMonitors' }}, $false)
$space = [runspacefactory]::CreateRunspace($state)
$space.Open()
function Invoke-It {{ param($Name, $Parameters = @{{}}, [switch] $Script)
    $shell = [powershell]::Create(); $shell.Runspace = $space
    try {{
        if ($Script) {{ $null = $shell.AddScript($Name) }} else {{ $null = $shell.AddCommand($Name).AddParameters($Parameters) }}
        @{{ Output = @($shell.Invoke() | ForEach-Object {{ "$_" }}); Errors = @($shell.Streams.Error | ForEach-Object FullyQualifiedErrorId) }}
    }} catch {{ @{{ Output = @(); Errors = @($_.Exception.InnerException.ErrorRecord.FullyQualifiedErrorId) }} }} }}
$shell = [powershell]::Create(); $shell.Runspace = $space
$commands = @{{}}
foreach ($command in $shell.AddCommand('Get-Command').Invoke()) {{ $commands[$command.Name] = @($command.Parameters.Keys) }}
@{{ Language = "$($state.LanguageMode)"; Commands = $commands; Drives = $state.UserDriveEnabled
    Status = Invoke-It Get-CsBackupServiceStatus @{{ PoolFqdn = 'healthy.full.example.com'; ErrorAction = 'Stop' }}
    Script = Invoke-It '$env:PATH' -Script; Process = Invoke-It Get-Process }} | ConvertTo-Json -Depth 5
"""
# Stand-ins for Windows. $world: what is registered; $fail: the steps that fail. The script's own guards are taken out, its steps are not.
WINDOWS = r"""
$ErrorActionPreference = 'Stop'
$world = @{}; $fail = @(); $policyValue = 0; $global:icaclsLog = @(); $started = [DateTime]::MinValue
$env:ProgramFiles = Join-Path $folder 'programs'
$installed = [IO.Path]::Combine($env:ProgramFiles, 'WindowsPowerShell', 'Modules', 'SfbBackupJea')
function Get-PSSessionConfiguration { [CmdletBinding()] param($Name) if ($world.Contains($Name)) { [pscustomobject] @{ Name = $Name } } }
function Unregister-PSSessionConfiguration { [CmdletBinding(SupportsShouldProcess)] param($Name, [switch] $Force, [switch] $NoServiceRestart)
    if ($fail -contains 'unregister') { throw 'no unregistering' }; $world.Remove($Name) }
function Register-PSSessionConfiguration { param($Name, $Path, [switch] $Force, [switch] $NoServiceRestart, $RunAsCredential, $SecurityDescriptorSddl)
    $text = [IO.File]::ReadAllText($Path)
    $world[$Name] = $text
    if ($fail -contains 'register' -and $text -match 'New') { throw 'no registering' } }
function Test-PSSessionConfigurationFile { param($Path) $fail -notcontains 'test' }
function Get-ItemProperty { [CmdletBinding()] param($LiteralPath, $Name) [pscustomobject] @{ DisableRunAs = $policyValue } }
function Get-WmiObject { param($Class, $Filter) [pscustomobject] @{ ProcessId = 1 } }
function Get-Process { param($Id) [pscustomobject] @{ StartTime = $started } }
function icacls.exe { $global:icaclsLog += "$args"; $global:LASTEXITCODE = 0 }
function Restart-Service { param($Name, [switch] $Force) }
function Get-Module { [CmdletBinding()] param([switch] $ListAvailable, $Name) $Name }
function Import-Module { [CmdletBinding()] param($Name, [switch] $DisableNameChecking) }
function Get-Command { [CmdletBinding()] param($Name) [pscustomobject] @{ Name = $Name; CommandType = 'Cmdlet' } }
function Try-It { param($Case, $Verb, $Group, $More = @{})
    $managed = @{ GroupManagedServiceAccount = 'C\g' }
    if ($Verb -eq 'remove') { $managed = @{} } else { $managed['AllowedGroup'] = $Group }
    if ($More.Contains('RunAsCredential')) { $managed.Remove('GroupManagedServiceAccount') }
    if (-not $More.Contains('Restart')) { $managed['NoRestart'] = $true }
    $said = & $script $Verb -TranscriptDirectory (Join-Path $folder 'log') @managed @More 3>&1
    $code = $LASTEXITCODE
    $what = if ($world.Contains('SfbBackup')) { [regex]::Match($world['SfbBackup'], 'C.(Old|New)').Groups[1].Value + 'Run' * ($world['SfbBackup'] -notmatch 'Group') } else { 'none' }
    $files = @(Get-ChildItem -LiteralPath $installed -File -ErrorAction SilentlyContinue | ForEach-Object Name | Sort-Object) -join ' '
    "${Case}: $code $what [$files] $("$said" -match 'nothing to do' ? 'nothing to do' : '')$("$said" -match 'policy' ? 'policy' : '')" }
Try-It 'first' register 'C\Old'
Try-It 'again, restart due' register 'C\Old'
Try-It 'restarted' register 'C\Old' @{ Restart = $true }
Try-It 'once more' register 'C\Old'
$fail = @('test'); Try-It 'not taken' register 'C\New'
$fail = @('register'); Try-It 'the old one comes back' register 'C\New'
$started = [DateTime]::MaxValue; Try-It 'restarted by hand' register 'C\Old'; $started = [DateTime]::MinValue
$fail = @('register', 'unregister'); Try-It 'half done' register 'C\New'
$fail = @(); Try-It 'mended' register 'C\New'
$fail = @('register', 'unregister'); $world.Clear(); Try-It 'half done from nothing' register 'C\New2'
$fail = @(); Try-It 'removed' remove
Try-It 'removed, restart due' remove
Try-It 'removed and restarted' remove '' @{ Restart = $true }
Try-It 'removed already' remove
$account = New-Object pscredential 'C\svc', (ConvertTo-SecureString x -AsPlainText -Force)
$policyValue = 1; Try-It 'policy' register 'C\Old' @{ RunAsCredential = $account }
"icacls: $(@($icaclsLog | ForEach-Object { ($_ -split ' ')[1] })[0..5] -join ' ')"
"""
SHIPPED = "SfbBackup.pssc SfbBackup.restart SfbBackupJea.psd1"
DONE = f"""first: 1 Old [{SHIPPED}]
again, restart due: 1 Old [{SHIPPED}]
restarted: 0 Old [SfbBackup.pssc SfbBackupJea.psd1]
once more: 0 Old [SfbBackup.pssc SfbBackupJea.psd1] nothing to do
not taken: 1 Old [SfbBackup.pssc SfbBackupJea.psd1]
the old one comes back: 1 Old [{SHIPPED}]
restarted by hand: 0 Old [{SHIPPED}] nothing to do
half done: 1 Old [{SHIPPED}]
mended: 1 New [{SHIPPED}]
half done from nothing: 1 New [{SHIPPED}]
removed: 1 none [SfbBackup.restart]
removed, restart due: 1 none [SfbBackup.restart]
removed and restarted: 0 none []
removed already: 0 none [] nothing to do
policy: 1 none [] policy
icacls: /setowner /reset /inheritance:r /setowner /reset /inheritance:r"""
COMMON = {"Verbose", "Debug", "ErrorAction", "WarningAction", "InformationAction", "ProgressAction", "ErrorVariable", "WarningVariable", "InformationVariable",
          "OutVariable", "OutBuffer", "PipelineVariable"}


def setUpModule():
    engine.need_lab()


class Jea(engine.EngineTest):
    def setUp(self):
        super().setUp()
        self.modules = self.folder / "modules"
        (self.modules / "SkypeForBusiness").mkdir(parents=True)
        shutil.copytree(JEA / "SfbBackupJea", self.modules / "SfbBackupJea")
        source, more = self.folder / "more.cs", self.folder / "more.dll"
        source.write_text("using System.Management.Automation;" + CMDLETS, encoding="utf-8")
        self.powershell("-Command", f"Add-Type -LiteralPath '{source}' -OutputAssembly '{more}' -OutputType Library -WarningAction SilentlyContinue")
        (self.modules / "SkypeForBusiness" / "SkypeForBusiness.psd1").write_text(
            MODULE.format(lab=engine.LAB.parent / "SkypeForBusiness.Lab.dll", more=more), encoding="utf-8")

    def powershell(self, *arguments, status=0, modules=()):
        run = subprocess.run([engine.LAB, *modules, "-NoLogo", "-NoProfile", "-NonInteractive", *map(str, arguments)], capture_output=True, text=True, timeout=240,
                             check=False, env={**os.environ, "NO_COLOR": "1", "SFB_LAB_SCENARIO": str(self.scenario("full"))})
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        return run.stdout + run.stderr

    def off_windows(self, text, transcripts=True):
        """A session configuration without what this engine knows on Windows alone."""
        text = re.sub(r"(?m)^ +ExecutionPolicy = .*\n", "", text)
        there = self.folder / "transcripts"
        there.mkdir(exist_ok=True)
        return re.sub(r"(?m)^( +TranscriptDirectory = ).*$", rf"\1'{there}'", text) if transcripts else text

    def written(self, *options):
        """What the verb `write` makes for a RunAs account."""
        path = self.folder / "written.pssc"
        words = " ".join(options)
        self.powershell("-Command", "$account = New-Object pscredential 'CONTOSO\\svc-x', (ConvertTo-SecureString x -AsPlainText -Force); "
                        f"& '{SCRIPT}' write -RunAsCredential $account -AllowedGroup 'CONTOSO\\SfbBackupMonitors' -Path '{path}' {words}; exit $LASTEXITCODE")
        return path.read_text(encoding="utf-8")

    def client(self, session, *runs):
        """Microsoft's client over that session: for each run the outputs as text, and the error's id where it failed."""
        words = [word for run in runs for word in run]
        run = subprocess.run([engine.LAB, "client", *words, "--", *self.program("full", session=session, modules=self.modules)], capture_output=True, text=True,
                             timeout=240, check=False)
        lines = [json.loads(line) for line in run.stdout.splitlines()]
        self.assertEqual(lines[0]["state"], "Opened", run.stdout + run.stderr)
        return [([line["text"] for line in lines if line.get("run") == at and line["stream"] == "output"],
                 next((line["error"]["id"] for line in lines if line.get("run") == at and line["stream"] == "end" and line["error"]), None))
                for at in range(1, len(runs) + 1)]

    def test_the_shipped_pair(self):
        file = self.folder / "shipped.pssc"
        file.write_text(self.off_windows((JEA / "SfbBackup.pssc").read_text(encoding="utf-8")), encoding="utf-8")
        said = self.folder / "by_engine.ps1"
        said.write_text(BY_ENGINE.format(file=file), encoding="utf-8")
        found = json.loads(self.powershell("-File", said, modules=["-Modules", self.modules]))
        self.assertEqual(found["Language"], "NoLanguage")
        self.assertFalse(found["Drives"])
        self.assertEqual(set(found["Commands"]), HELPERS | ALLOWED.keys())
        for name, wanted in ALLOWED.items():
            # The lab's status cmdlet has every parameter that the role names.
            self.assertEqual(set(found["Commands"][name]) - COMMON, wanted, name)
        self.assertEqual((len(found["Status"]["Output"]), found["Status"]["Errors"]), (1, []))
        self.assertEqual(found["Script"], {"Output": [], "Errors": ["ScriptsNotAllowed"]})
        self.assertEqual(found["Process"], {"Output": [], "Errors": ["CommandNotFoundException"]})
        transcripts = [path.read_text(encoding="utf-8") for path in (self.folder / "transcripts").rglob("*.txt")]
        self.assertIn("Get-CsBackupServiceStatus", "".join(transcripts))

    def test_what_passes_and_what_does_not(self):
        session = self.folder / "flat.pssc"
        session.write_text(self.off_windows(self.written()), encoding="utf-8")
        switches = ("Force", "LocalStore", "CentralManagementStoreStatus", "UserServer")
        status = ["--command", "Get-CsBackupServiceStatus", "--parameter", "PoolFqdn=healthy.full.example.com"]
        good = [[*status, "--parameter", "Category=CMS", "--switch", "Force", "--parameter", "ErrorAction=Stop"]]
        for name, parameters in ALLOWED.items():
            if name != "Get-CsBackupServiceStatus":
                words = [word for key in parameters for word in (("--switch", key) if key in switches else ("--parameter", f"{key}=x"))]
                good.append(["--command", name, *words])
        refused = [
            (["--command", "Get-CsService", "--parameter", "Verbatim=x"], "NamedParameterNotFound,Get-CsService"),
            (["--command", "Get-CsPool", "--parameter", "Filter=x"], "NamedParameterNotFound,Get-CsPool"),
            *((["--command", name], "CommandNotFoundException") for name in (
                "Remove-CsEverything", "Get-Process", "Get-Variable", "Get-Item", "Import-Module", "Out-String", "Invoke-Expression", "Where-Object", "/bin/ls")),
            *((["--script", text], "ScriptsNotAllowed") for text in (
                "1 + 1", "$env:PATH", "$PID", "& { Get-Process }", "Get-CsPool -Identity (Get-Process)", "[Environment]::MachineName")),
            (["--command", "Select-Object", "--parameter", "ExpandProperty=x"], "NamedParameterNotFound,Select-Object"),
        ]
        answers = self.client(session, *good, *(words for words, _ in refused))
        for run, (output, failure) in zip(good, answers):
            self.assertEqual((len(output), failure), (1, None), run)
        for (run, wanted), (output, failure) in zip(refused, answers[len(good):]):
            self.assertEqual((output, failure), ([], wanted), run)
        # A text stays a text.
        self.assertEqual(self.client(session, ["--command", "Get-CsPool", "--parameter", "Identity=$(Get-Process)"]), [(["Get-CsPool Identity"], None)])

    def test_the_agent_asks_through_it(self):
        session = self.folder / "flat.pssc"
        session.write_text(self.off_windows(self.written()), encoding="utf-8")
        endpoints = {"none": {"language": "none"}, "auto": {"language": "auto"}}
        self.configure_engine({name: {"session": session, "modules": self.modules, "keys": keys} for name, keys in endpoints.items()},
                              {name: ["failing", "error", "throw"] for name in endpoints})
        with self.agent() as agent:
            for name in endpoints:
                for pool in ("failing", "error"):
                    expected.check_good(self, agent, pool, name)
                self.assert_good(self.ask(agent, f"failing.{name}", Category="CMS", Force="true"))
                self.assert_failed(self.ask(agent, f"throw.{name}"), 502, "cmdlet", "cmdlet.second_hop", "query")
            self.assert_no_zombies(agent)
        run = subprocess.run([lab.AGENT, "evaluate", f"--config.file={self.folder / 'agent.yml'}", "failing.none.example.com"], capture_output=True,
                             text=True, timeout=120, check=False)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def copied(self):
        """A copy of the folder whose script believes to be on Windows PowerShell, as an administrator."""
        there = self.folder / "jea"
        shutil.copytree(JEA, there)
        script = there / SCRIPT.name
        text = script.read_text(encoding="utf-8")
        for guard, instead in (("if (-not (Test-Administrator)) {", "if ($false) {"), ("if ($PSVersionTable.PSVersion.Major -gt 5) {", "if ($false) {"),
                               ("(New-Object Security.Principal.NTAccount $Account).Translate([Security.Principal.SecurityIdentifier]).Value", "'S-1-1-0'")):
            self.assertEqual(text.count(guard), 1, guard)
            text = text.replace(guard, instead)
        script.write_text(text, encoding="utf-8")
        return script

    def test_registering_and_what_fails(self):
        path = self.folder / "windows.ps1"
        path.write_text(f"$folder = '{self.folder}'; $script = '{self.copied()}'\n{WINDOWS}", encoding="utf-8")
        said = self.powershell("-File", path)
        self.assertEqual([line.rstrip() for line in said.splitlines()], DONE.splitlines(), said)

    def test_functions_for_an_account_with_a_password(self):
        script = self.copied()
        role = script.parent / "SfbBackupJea" / "RoleCapabilities" / "SfbBackup.psrc"
        text = role.read_text(encoding="utf-8")
        line = re.search(r"(?m)^ +@\{ Name = 'Get-CsPool';.*\n", text).group()
        role.write_text(text.replace(line, "").rstrip().removesuffix("}") + f"    VisibleFunctions = @(\n{line}    )\n}}\n", encoding="utf-8")
        path = self.folder / "functions.pssc"
        self.powershell("-Command", "$account = New-Object pscredential 'C\\x', (ConvertTo-SecureString x -AsPlainText -Force); "
                        f"& '{script}' write -RunAsCredential $account -AllowedGroup C\\a -ForVersion 5.1 -Path '{path}'; exit $LASTEXITCODE")
        before, after = path.read_text(encoding="utf-8").split("VisibleFunctions = @(")
        self.assertNotIn("'Get-CsPool'", before)
        self.assertIn("'Get-CsPool'", after)

    def test_what_the_script_writes_and_refuses(self):
        for version, words in (("5.1", ("MountUserDrive", "TranscriptDirectory", "@{ Name = 'Get-CsPool'; Parameters = @{ Name = 'Identity' } }")),
                               ("5.0", ("TranscriptDirectory", "@{ Name = 'Get-CsPool'; Parameters")), ("4.0", ("'Get-CsPool', 'Get-CsService'", "'1.0.0.0'"))):
            text = self.written("-ForVersion", version, "-Module", "Lync")
            for word in (*words, "NoLanguage", "RestrictedRemoteServer", "ModulesToImport = 'Lync'"):
                self.assertIn(word, text, version)
            for word in ("GroupManagedServiceAccount", "RoleDefinitions", "CONTOSO", *(("Transcript", "Parameters", "MountUserDrive") if version == "4.0" else ())):
                self.assertNotIn(word, text, version)
        path = self.folder / "managed.pssc"
        managed = ["-GroupManagedServiceAccount", "CONTOSO\\gmsa'x$", "-AllowedGroup", "CONTOSO\\Who Asks"]
        self.powershell("-File", SCRIPT, "write", *managed, "-Path", path)
        for word in ("'CONTOSO\\gmsa''x'\n", "@{ 'CONTOSO\\Who Asks' = @{ RoleCapabilities = 'SfbBackup' } }"):
            self.assertIn(word, path.read_text(encoding="utf-8"))
        path.unlink()
        self.powershell("-File", SCRIPT, "write", *managed, "-Path", path, "-WhatIf")
        self.assertFalse(path.exists())
        for status, words, options in (
                (2, "give either -GroupManagedServiceAccount or -RunAsCredential", ["register"]), (2, "-AllowedGroup is missing", ["register", *managed[:2]]),
                (2, "-Path is missing", ["write", *managed]), (2, "such accounts need 5.1", ["write", *managed, "-ForVersion", "4.0", "-Path", path]),
                (2, "exclude each other", ["register", *managed, "-Restart", "-NoRestart"]), (1, "Run it in Windows PowerShell on the front end", ["show"]),
                (1, "Run it in Windows PowerShell on the front end", ["register", *managed])):
            self.assertIn(words, " ".join(self.powershell("-File", SCRIPT, *options, status=status).split()))


if __name__ == "__main__":
    unittest.main()
