"""Microsoft's client against Microsoft's server: what `sfb_lab client` prints, and how it ends."""

import json
import unittest

import engine_lab
import lab

engine_lab.require()


def client(*arguments, program=None):
    result = lab.run("client", *arguments, "--", *(program or lab.SERVER))
    return result.returncode, [json.loads(line) for line in result.stdout.splitlines()], result.stderr


def of(lines, stream):
    return [line for line in lines if line["stream"] == stream]


class Client(unittest.TestCase):
    def test_runs_share_a_session(self):
        code, lines, _ = client("--command", "Get-CsBackupServiceStatus", "--parameter", "PoolFqdn=error.example.com", "--parameter", 'Category="UserData"',
                                "--script", "param($a, $b) $input; $a + 1; $b.Count", "--argument", "41", "--argument", '["x","y"]', "--input", "in")
        self.assertEqual(code, 0)
        self.assertEqual([line["state"] for line in of(lines, "session")], ["Opened", "Closed"])
        first = of(lines, "output")[0]
        self.assertEqual(first["properties"]["BackupModules"], ["UserServices.PresenceFocus:[ErrorState,NormalState]", "ConfServices.DataConf:[ErrorState,NormalState]"])
        self.assertEqual(of(lines, "error")[0]["id"], "BackupStoreUnavailable,Sfb.Lab.GetCsBackupServiceStatusCommand")
        self.assertEqual([line["text"] for line in of(lines, "output") if line["run"] == 2], ["in", "42", "2"])
        self.assertEqual([line["state"] for line in of(lines, "end")], ["Completed", "Completed"])

    def test_a_failed_run(self):
        code, lines, _ = client("--command", "Get-CsBackupServiceStatus", "--parameter", "PoolFqdn=throw.example.com")
        end = of(lines, "end")[0]
        self.assertEqual((code, end["state"], end["error"]["category"]), (1, "Failed", "PermissionDenied"))

    def test_stop(self):
        code, lines, _ = client("--command", "Get-CsBackupServiceStatus", "--parameter", "PoolFqdn=slow.example.com", "--stop-after", "0.1")
        self.assertEqual((code, of(lines, "end")[0]["state"]), (0, "Stopped"))

    def test_host(self):
        code, lines, _ = client("--host", "--command", "Get-CsBackupServiceStatus", "--parameter", "PoolFqdn=readline.example.com")
        self.assertEqual((code, of(lines, "host")[0]["call"], of(lines, "output")[0]["text"]), (0, "readline", "answer: typed"))

    def test_sessions_that_break(self):
        for program, reason in ((["cat", "/dev/null"], "the program closed its output"), (["/nonexistent"], "the program cannot be started"), ([*lab.SERVER, *lab.session("broken")], "NoSuchModule")):
            with self.subTest(program[0]):
                code, lines, _ = client("--script", "1", program=program)
                self.assertEqual((code, lines[0]["state"]), (3, "Broken"))
                self.assertIn(reason, lines[0]["reason"])

    def test_the_program_dies_in_a_run(self):
        code, lines, _ = client("--command", "Get-CsBackupServiceStatus", "--parameter", "PoolFqdn=die-middle.example.com")
        self.assertEqual((code, of(lines, "end")[0]["state"]), (3, "Failed"))

    def test_silence_ends(self):
        code, lines, _ = client("--timeout", "0.5", "--script", "1", program=["sleep", "60"])
        self.assertEqual((code, lines[-1]["state"], lines[-1]["doing"]), (4, "TimedOut", "open"))

    def test_command_line(self):
        for arguments, message in ((("--script",), "--script needs a value"), (("--pipe", "x"), "--pipe stands before the first"), (("--script", "1", "--parameter", "x"), "write NAME=VALUE"), (("--script", "1", "--stop-after", "x"), "no number of seconds")):
            with self.subTest(arguments):
                code, _, stderr = client(*arguments)
                self.assertEqual(code, 2)
                self.assertIn(message, stderr)


if __name__ == "__main__":
    unittest.main()
