"""The command lines: Get-CsBackupServiceStatus, evaluate, render, and what they say when used wrongly."""

import os
import pty
import re
import signal
import subprocess
import unittest

import lab
from lab import LabTest, MODULES_2013, status_object, wrapper

ATL, CHI = "atl.example.com", "chi.example.com"


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=lab.WAIT,
                          check=False, **options)


class Ask(LabTest):
    def setUp(self):
        super().setUp()
        self.configure()
        self.drop_status(ATL)
        self.drop(CHI, wrapper(CHI, errors=lab.error_record("stopped"), state="Failed"))

    def ask(self, agent, *arguments):
        return run(lab.ASK, *arguments, env={"SFB_BACKUP_EXPORTER_URL": f"http://{agent.address}"})

    def test_forms_and_exit_codes(self):
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            plain = self.ask(agent, "-PoolFqdn", ATL)
            self.assertEqual((plain.returncode, plain.stderr), (0, ""))
            self.assertEqual(plain.stdout, agent.query(ATL).text)
            for form in (["-p", ATL], ["-POOLFQDN:" + ATL], ["-Pool", ATL.upper() + "."], ["-PoolFqdn", ATL, "-f:$true"],
                         ["\u2013PoolFqdn", ATL]):
                self.assertEqual(self.ask(agent, *form).stdout, plain.stdout, form)
            self.assertIn('"BackupModules"', self.ask(agent, "-PoolFqdn", ATL, "-As", "Json").stdout)
            self.assertTrue(self.ask(agent, "-PoolFqdn", ATL, "-As", "clixml").stdout.startswith("<Objs"))
            self.assertEqual(self.ask(agent, "-p", ATL, "-Edition", "7", "-View", "Wrap").stdout,
                             agent.query(ATL, edition="7", view="wrap").text)
            self.assertEqual(self.ask(agent, "-p", ATL, "-e", "4.0", "-As", "Json").stdout,
                             agent.query(ATL, **{"as": "json", "edition": "4.0"}).text)
            failed = self.ask(agent, "-PoolFqdn", CHI)
            self.assertEqual((failed.returncode, failed.stdout), (1, ""))
            self.assertIn("stopped", failed.stderr)
            unknown = self.ask(agent, "-PoolFqdn", "nowhere.example.com")
            self.assertEqual(unknown.returncode, 1)
            self.assertIn("nowhere.example.com", unknown.stderr)

    def test_the_verdict_of_a_good_answer(self):
        """Exit code 0 means that an answer came, and stdout is the cmdlet's: the reason stands on stderr."""
        module = MODULES_2013[0]
        self.drop_status(ATL, {module: ("ErrorState", "NormalState")})
        said = f"{module}: export is ErrorState, not FinalState or SteadyState"
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            shown = self.ask(agent, "-PoolFqdn", ATL)
            self.assertEqual((shown.returncode, shown.stdout), (0, agent.query(ATL).text))
            self.assertEqual(shown.stderr, f"verdict: not working properly: {said}\n")
            self.drop(ATL, wrapper(ATL))
            self.wait(lambda: self.ask(agent, "-PoolFqdn", ATL).stderr == "verdict: not configured\n", "the verdict of nothing")
        self.drop_status(ATL, {module: ("ErrorState", "NormalState")})
        evaluated = run(lab.AGENT, "evaluate", f"--config.file={self.folder}/agent.yml", ATL)
        self.assertEqual(evaluated.returncode, 0, evaluated.stderr)
        self.assertTrue(evaluated.stderr.endswith(f"working:    no\n  {said}.\n"), evaluated.stderr)

    def test_checks_of_nagios_and_checkmk(self):
        """The state of now: exit 0 to 3 for Nagios, a line for each pool for Checkmk."""
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            good = self.ask(agent, "--nagios", "-PoolFqdn", ATL)
            self.assertEqual((good.returncode, good.stderr), (0, ""), good.stdout)
            self.assertRegex(good.stdout, rf"^SFBBACKUP OK - {ATL}: working properly, 3 modules .* \| 'lag'=0s;0;3600;0 'age'=")
            self.assertIn(f"\n{MODULES_2013[0]}: export FinalState, import NormalState\n", good.stdout)
            failed = self.ask(agent, "-PoolFqdn", CHI, "--nagios")
            self.assertEqual((failed.returncode, failed.stderr), (3, ""), failed.stdout)
            self.assertIn("reason=cmdlet", failed.stdout)
            both = self.ask(agent, "--nagios")
            self.assertEqual(both.returncode, 3, both.stdout)
            self.assertRegex(both.stdout, r"^SFBBACKUP UNKNOWN - 1 of 2 pools ok; ")
            lines = self.ask(agent, "--checkmk")
            self.assertEqual((lines.returncode, lines.stderr), (0, ""))
            self.assertRegex(lines.stdout, rf'^0 "SfB Backup exporter" pools=2 2 pools\ncached\(\d+,\d+\) 0 "SfB Backup {ATL}" '
                                           rf'lag=0;0;3600\|age=[0-9.]+\|eval=[0-9.]+ {ATL}: .*\n3 "SfB Backup {CHI}" ')
            nowhere = self.ask(agent, "--nagios", "-PoolFqdn", "nowhere.example.com")
            self.assertEqual(nowhere.returncode, 3)
            self.assertIn("nowhere.example.com", nowhere.stdout)
            self.drop_status(ATL, {MODULES_2013[0]: ("ErrorState", "NormalState")})
            self.wait(lambda: self.ask(agent, "--nagios", "-PoolFqdn", ATL).returncode == 2, "CRITICAL")
        gone = self.ask(agent, "--nagios", "-PoolFqdn", ATL)
        self.assertEqual((gone.returncode, gone.stderr), (3, ""))
        self.assertRegex(gone.stdout, r"^SFBBACKUP UNKNOWN - .*connection refused")
        self.assertRegex(self.ask(agent, "--checkmk").stdout, r'^3 "SfB Backup exporter" - .*connection refused')

    def test_usage_errors(self):
        environment = {"SFB_BACKUP_EXPORTER_URL": "http://127.0.0.1:1"}  # nothing of these reaches the network
        cases = {
            ("-PoolFqdn", ATL, "-Category", "Foo"): "Cannot bind parameter 'Category'",
            ("-PoolFqdn", ATL, "-Nonsense", "1"): "A parameter cannot be found that matches parameter name 'Nonsense'",
            ("-PoolFqdn",): "Missing an argument for parameter 'PoolFqdn'",
            ("-Force",): "missing mandatory parameters: PoolFqdn",
            ("-PoolFqdn", ATL, "-BypassDualWrite"): "write '$true' in quotes, or 1",
            ("-PoolFqdn", ATL, "-Force:"): "write '$true' in quotes, or 1",
            ("-PoolFqdn", ATL, "-BypassDualWrite", "true"): "Cannot convert 'System.String'",
            ("-PoolFqdn", ATL, "-Category", "1"): "Category",
            ("-PoolFqdn", ATL, "-Edition", "6"): 'The argument "6" is none of 3.0, 4.0, 5.1 and 7.',
            ("-PoolFqdn", ATL, "-View", "List", "-As", "Json"): "only text has a view",
        }
        for arguments, expected in cases.items():
            with self.subTest(arguments=arguments):
                result = run(lab.ASK, *arguments, env=environment)
                self.assertEqual((result.returncode, result.stdout), (2, ""))
                self.assertIn(expected, " ".join(result.stderr.split()))

    def test_no_agent(self):
        port = lab.free_port()
        result = run(lab.ASK, "-PoolFqdn", ATL, env={"SFB_BACKUP_EXPORTER_URL": f"http://127.0.0.1:{port}"})
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"127.0.0.1:{port}", result.stderr)
        for url in ("https://", "nonsense://", "unix:relative"):
            result = run(lab.ASK, "-PoolFqdn", ATL, env={"SFB_BACKUP_EXPORTER_URL": url})
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn("SFB_BACKUP_EXPORTER_URL", result.stderr)

    def test_a_terminal_gets_no_control_characters_and_its_own_width(self):
        self.drop(ATL, wrapper(ATL, status_object(MODULES_2013, Note="red _x001B_[31m text " + "word " * 40)))
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            main, child = pty.openpty()
            subprocess.run(["stty", "cols", "60", "-onlcr"], stdin=child, check=True)
            process = subprocess.Popen([str(lab.ASK), "-PoolFqdn", ATL], stdout=child, stderr=child, stdin=subprocess.DEVNULL,
                                       env={"SFB_BACKUP_EXPORTER_URL": f"http://{agent.address}"})
            self.assertEqual(process.wait(lab.WAIT), 0)
            os.close(child)
            shown = b""
            while True:
                try:
                    block = os.read(main, 65536)
                except OSError:
                    break
                if not block:
                    break
                shown += block
            os.close(main)
            self.assertNotIn(b"\x1b", shown)
            self.assertIn(b"^[", shown)
            self.assertLessEqual(max(len(line) for line in shown.decode().splitlines()), 61)


class Foreground(LabTest):
    def test_evaluate(self):
        self.configure()
        self.drop_status(ATL)
        config = f"--config.file={self.folder}/agent.yml"
        good = run(lab.AGENT, "evaluate", config, ATL)
        self.assertEqual(good.returncode, 0, good.stderr)
        self.assertIn("BackupModules", good.stdout)
        self.assertIn("working:    yes", good.stderr)
        # Each stage with its time and what is worth knowing, in columns; nothing of it on stdout.
        for line in (rf"pool +{ATL}", r"endpoint +drop \(file\)", rf"  path +{self.folder}/exports/{ATL}\.clixml",
                     r"open +\d+\.\d ms", r"query +\d+\.\d ms", r"parse +\d+\.\d ms", r"  size +\d+ bytes",
                     r"  format +clixml", r"  made at +\d{4}-\d\d-\d\dT.*Z", r"total +\d+\.\d ms"):
            self.assertRegex(good.stderr, rf"(?m)^{line}$")
        self.assertNotIn(" ms", good.stdout)
        as_json = run(lab.AGENT, "evaluate", config, ATL, "--as", "json")
        self.assertTrue(as_json.stdout.startswith("{"))
        failed = run(lab.AGENT, "evaluate", config, CHI, "--debug")
        self.assertEqual(failed.returncode, 1)
        for part in ("reason: not_found (file.missing)", "remedy:", f"{self.folder}/exports/{CHI}.clixml"):
            self.assertIn(part, failed.stderr)
        self.assertRegex(failed.stderr, r"(?m)^open +\d+\.\d ms$")
        self.assertRegex(failed.stderr, r"(?m)^stage: +open$")
        unknown = run(lab.AGENT, "evaluate", config, "nowhere.example.com")
        self.assertEqual(unknown.returncode, 2)
        self.assertIn(ATL, unknown.stderr)
        self.assertNotIn("did you mean", unknown.stderr)
        misspelt = run(lab.AGENT, "evaluate", config, f"{ATL}m")
        self.assertEqual(misspelt.returncode, 2)
        self.assertRegex(misspelt.stderr, rf"is not configured: did you mean {ATL}[?]")
        short = run(lab.AGENT, "evaluate", config, ATL.split(".", maxsplit=1)[0].upper())
        self.assertRegex(short.stderr, rf"is not configured: did you mean {ATL}[?]")
        self.assertEqual(run(lab.AGENT, "evaluate", config).returncode, 2)
        self.assertEqual(run(lab.AGENT, "--nonsense").returncode, 2)

    def test_wrong_usage_names_what_is_wrong_in_its_order(self):
        for arguments, said in ((("evaluate", ATL, "second", "third"), "not expected: second third"), (("x", "y"), "not expected: x y"),
                                (("--config.check", "evaluate", ATL), "--config.check does not go with evaluate; leave it out"),
                                (("--log.level=debug", "render"), "--log.level does not go with render"),
                                (("evaluate", ATL, "--config.check"), "not expected: --config.check")):
            shown = run(lab.AGENT, *arguments, stdin=subprocess.DEVNULL)
            self.assertEqual((shown.returncode, shown.stdout), (2, ""), arguments)
            self.assertIn(said, shown.stderr)
        self.configure()
        self.drop_status(ATL)
        before = run(lab.AGENT, f"--config.file={self.folder}/agent.yml", "evaluate", ATL)
        self.assertEqual(before.returncode, 0, before.stderr)

    def test_an_empty_value_is_refused_by_every_flag(self):
        """`--storage.path= --log.level=debug` must not make a folder of the next flag."""
        def refused(flag, *arguments):
            shown = subprocess.run([str(lab.AGENT), *arguments], capture_output=True, text=True, timeout=lab.WAIT, check=False,
                                   stdin=subprocess.DEVNULL, cwd=self.folder)
            self.assertEqual((shown.returncode, shown.stdout), (2, ""), (arguments, shown.stderr))
            self.assertIn(f"{flag}: is empty", shown.stderr, arguments)

        flags = {(): "--storage.path", ("evaluate", ATL): "--width", ("discover",): "--credential", ("render",): "--view"}
        for command, expected in flags.items():
            listed = run(lab.AGENT, *command[:1], "--help").stdout
            names = re.findall(r"(?m)^  (--[\w.-]+) [A-Z]{2}", listed)  # those with a value
            self.assertIn(expected, names)
            for name in names:
                with self.subTest(command=command, flag=name):
                    refused(name, *command, f"{name}=", "--config.check" if not command else "--config.file=x")
                    refused(name, *command, name, "")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir() if path.name.startswith("--")), [])
        refused("POOL", "evaluate", "")
        refused("ENDPOINT", "discover", "")

    def test_health(self):
        self.configure()
        address = f"127.0.0.1:{lab.free_port()}"
        shown = run(lab.AGENT, "health", address)
        self.assertEqual((shown.returncode, shown.stdout), (1, ""))
        self.assertIn(address, shown.stderr)
        with self.agent() as agent:
            shown = run(lab.AGENT, "health", agent.address)
            self.assertEqual((shown.returncode, shown.stdout, shown.stderr), (0, "healthy\n", ""))
            agent.process.send_signal(signal.SIGSTOP)
            try:
                shown = run(lab.AGENT, "health", agent.address)
                self.assertEqual((shown.returncode, shown.stdout), (1, ""), "one that hangs is not healthy")
            finally:
                agent.process.send_signal(signal.SIGCONT)
        self.assertEqual(run(lab.AGENT, "health", "unix:relative").returncode, 2)

    def test_evaluate_warns_of_the_configuration(self):
        self.configure(pools={ATL: CHI})
        self.drop_status(ATL)
        shown = run(lab.AGENT, "evaluate", f"--config.file={self.folder}/agent.yml", ATL)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn(f"warning: {self.folder}/agent.yml:", shown.stderr)
        self.assertIn(f"pool {CHI} is not configured", shown.stderr)

    def test_config_check_looks_at_secrets(self):
        pools = {ATL: CHI, CHI: ATL}
        self.configure(pools=pools)
        config = self.folder / "agent.yml"
        text = re.sub(r"(?m)^  drop: .*$",
                      "  drop: {transport: winrm, url: 'https://fe.example.com', credentials: monitoring}\n"
                      "credentials:\n"
                      "  monitoring: {method: basic, username: svc, password_file: monitoring.password}",
                      config.read_text(encoding="utf-8"))
        config.write_text(text, encoding="utf-8")
        check = (lab.AGENT, "--config.check", f"--config.file={config}")
        missing = run(*check)
        self.assertEqual(missing.returncode, 1)
        self.assertIn("credentials.monitoring.password_file: there is no such file", missing.stderr)
        self.assertNotIn("monitoring.password:", missing.stderr, "a password may stand in its place")
        secret = self.folder / "monitoring.password"
        secret.write_text("hunter2\n", encoding="utf-8")
        secret.chmod(0o644)
        readable = run(*check)
        self.assertEqual(readable.returncode, 0, readable.stderr)
        self.assertIn("warning: ", readable.stderr)
        self.assertIn("has mode 0644: others may read the password", readable.stderr)
        secret.chmod(0o600)
        good = run(*check)
        self.assertEqual((good.returncode, good.stderr), (0, ""))
        for shown in (missing, readable, good):
            self.assertNotIn("hunter2", shown.stdout + shown.stderr)

    def test_render(self):
        golden = lab.ROOT / "tests" / "golden" / "format"
        case = next(iter(sorted(golden.glob("module-rows-3.80.ps5.txt"))))
        document = (golden / "module-rows-3.clixml").read_bytes()
        result = subprocess.run([lab.AGENT, "render", "--width", "80"], input=document, capture_output=True, check=False)
        self.assertEqual((result.returncode, result.stdout), (0, case.read_bytes()))
        again = subprocess.run([lab.AGENT, "render", "--as", "clixml"], input=document.decode().encode("utf-16"),
                               capture_output=True, check=False)
        self.assertEqual(again.stdout.strip(), document.strip())
        self.assertEqual(run(lab.AGENT, "render", "--width", "80", "--edition", "5.1", input=document.decode()).stdout,
                         case.read_text(encoding="utf-8"))
        recorded = lab.ROOT / "tests" / "golden" / "json"
        for edition in ("3.0", "4.0", "5.1"):
            older = run(lab.AGENT, "render", "--as", "json", "--edition", edition,
                        input=(recorded / "modules-empty.clixml").read_text(encoding="utf-8"))
            self.assertEqual(older.stdout, (recorded / "modules-empty.ps5.json").read_text(encoding="utf-8"))
        for wrong, why in ((["--edition", "6"], '"6" is none of 3.0, 4.0, 5.1 and 7'), (["--view", "grid"], "is none of list, table"),
                           (["--edition", "7", "--as", "clixml"], "--edition does not go with --as clixml"),
                           (["--view", "list", "--as", "json"], "--view does not go with --as json")):
            for command in (["render"], ["evaluate", ATL]):
                refused = run(lab.AGENT, *command, *wrong, input="")
                self.assertEqual((refused.returncode, refused.stdout), (2, ""), wrong)
                self.assertIn(why, refused.stderr)
        foreign = subprocess.run([lab.AGENT, "render"], input=b"hello", capture_output=True, check=False)
        self.assertEqual(foreign.returncode, 1)
        self.assertIn(b"render: stdin: ", foreign.stderr)

    def test_files_of_all_streams(self):
        """powershell.exe -OutputFormat Xml puts the streams of a command into one file."""
        head = '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'
        progress = '<Obj S="progress" RefId="0"><MS><PR N="Record"><AV>Preparing modules.</AV></PR></MS></Obj>'
        status = ('<Obj S="Output" RefId="1"><Props><Obj N="BackupModules" RefId="2"><LST><S>A.B:[FinalState,NormalState]</S></LST></Obj>'
                  "</Props></Obj>")
        error = '<S S="Error">Access is denied._x000D__x000A_</S><S S="warning">late</S>'
        good = f"#< CLIXML\r\n{head}{progress}</Objs>{head}{status}</Objs>\r\n"
        bad = f"#< CLIXML\r\n{head}{error}</Objs>\r\n"
        shown = run(lab.AGENT, "render", input=good)
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        self.assertIn("{A.B:[FinalState,NormalState]}", shown.stdout)
        self.assertNotIn("Preparing", shown.stdout)
        shown = run(lab.AGENT, "render", "--as", "json", input=bad)
        self.assertEqual((shown.returncode, shown.stdout), (0, ""))
        self.assertIn("WARNING: late\nAccess is denied.\n", shown.stderr)
        self.configure()
        for content, code, words in ((good, 0, "working:    yes"), (bad, 1, "reason: cmdlet (cmdlet.second_hop)"),
                                     (good + bad, 1, "reason: cmdlet (cmdlet.second_hop)")):
            self.drop(ATL, content)
            shown = run(lab.AGENT, "evaluate", f"--config.file={self.folder}/agent.yml", ATL)
            self.assertEqual(shown.returncode, code, shown.stderr)
            self.assertIn(words, shown.stderr)

    def test_what_was_typed_is_echoed_without_escape_sequences(self):
        for arguments in (["a\x1b[31m"], ["--no\x1b[31m"], ["--config.check=\x1b[31m"], ["--shard=\x1b[31m"], ["--log.level=\x1b[31m"],
                          ["render", "--as", "\x1b[31m"], ["--no" + "x" * 20000], ["evaluate", "a\x1b[31m", "b\x1b[31m"]):
            shown = run(lab.AGENT, *arguments)
            self.assertEqual((shown.returncode, shown.stdout), (2, ""), arguments)
            self.assertNotIn("\x1b", shown.stderr)
            self.assertLess(len(shown.stderr), 3000)

    def test_version_and_help(self):
        for program, *arguments in ((lab.AGENT,), (lab.AGENT, "evaluate"), (lab.AGENT, "discover"), (lab.AGENT, "render"),
                                    (lab.AGENT, "health"), (lab.AGENT, "--config.check"), (lab.SIMULATOR,), (lab.ASK,), (lab.ASK, "-PoolFqdn", ATL),
                                    *((command,) for command in lab.ASK.parent.glob("Get-Cs*") if command.is_symlink())):
            version = run(program, *arguments, "--version")
            name = " ".join([program.name, *(word for word in arguments if word in ("evaluate", "discover", "render", "health"))])
            self.assertEqual((version.returncode, version.stderr), (0, ""), name)
            self.assertRegex(version.stdout, rf"^{name}, version [0-9.]+ \(revision: \w+\)\n  compiler: .+\n  platform: .+\n")
        shown = run(lab.AGENT, "--help")
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        for flag in ("--config.file", "--web.listen-address", "--web.allowed-host", "--web.enable-lifecycle", "--web.runbook-url", "--log.level", "--log.format", "evaluate", "discover", "render", "health"):
            self.assertIn(flag, shown.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
