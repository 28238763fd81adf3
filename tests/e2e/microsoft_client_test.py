"""Microsoft's own client against the simulator's `--stdio`: what that one understands, a mistake of ours would not pass."""

import json
import os
import subprocess

import child
import engine_lab
import lab

CLIENT = engine_lab.PROGRAM
POOLS = {"a.example.com": {"two": True}, "slow.example.com": {"slow": "1h"}, "fatal.example.com": {"fatal": "no way"}, "null.example.com": {"null": True},
         "all.example.com": {"error": "some trouble", "warning": "careful", "verbose": "more", "progress": "going"}, "huge.example.com": {"huge": 2000000},
         "host.example.com": {"host_call": True}}


def setUpModule():
    engine_lab.require()


class Client(lab.LabTest):
    def run_client(self, *runs, server=None, status=0, **scenario):
        """What Microsoft's client printed, by stream."""
        path, log = self.folder / "scenario.yml", self.folder / "log"
        path.write_text(json.dumps({"listeners": [{"name": "a", "server": server or {}}], "pools": POOLS, **scenario}), encoding="utf-8")
        log.unlink(missing_ok=True)
        ended = subprocess.run([CLIENT, "client", "--timeout", "60", *runs, "--", lab.SIMULATOR, path, "--stdio", "--log", log], capture_output=True,
                               text=True, timeout=90, check=False, env={**os.environ, "POWERSHELL_TELEMETRY_OPTOUT": "1"})
        self.assertEqual(ended.returncode, status, ended.stdout[-3000:] + ended.stderr)
        streams = {}
        for line in ended.stdout.splitlines():
            entry = json.loads(line)
            streams.setdefault(entry["stream"], []).append(entry)
        return streams

    def call(self, pool, *more):
        return ["--command", "Get-CsBackupServiceStatus", "--parameter", f"PoolFqdn={pool}", *more]

    def violations(self):
        return [entry["text"] for entry in child.journal(self.folder / "log") if entry["event"] == "violation"]

    def test_what_the_cmdlet_writes(self):
        for depth in (1, 2):
            said = self.run_client(*self.call("a.example.com"), *self.call("all.example.com", "--switch", "Verbose"), server={"depth": depth})
            self.assertEqual([entry["state"] for entry in said["end"]], ["Completed"] * 2)
            self.assertEqual([entry["run"] for entry in said["output"]], [1, 1, 2])
            status = said["output"][0]
            self.assertEqual(status["type"], "Deserialized.Simulator.BackupServiceStatus")
            self.assertEqual(len(status["properties"]["BackupModules"]), 3)
            for stream, text in (("error", "some trouble"), ("warning", "careful"), ("verbose", "more")):
                self.assertEqual([entry["text"] for entry in said[stream]], [text])
            self.assertEqual([entry["activity"] for entry in said["progress"]], ["going"])
            self.assertEqual(self.violations(), [])
        said = self.run_client(*self.call("null.example.com"), *self.call("huge.example.com"))
        self.assertIsNone(said["output"][0]["text"])
        self.assertEqual([len(entry["text"]) for entry in said["output"][2:]], [1000000] * 2)

    def test_versions(self):
        for protocol in ("2.1", "2.2", "2.3", "2.4", "2.9"):
            said = self.run_client(*self.call("a.example.com"), server={"protocol": protocol, "crlf": True})
            self.assertEqual(len(said["output"]), 2)
            self.assertEqual(self.violations(), [])

    def test_ends_that_are_not_good(self):
        said = self.run_client(*self.call("fatal.example.com"), status=1)
        self.assertEqual((said["end"][0]["state"], said["end"][0]["reason"]), ("Failed", "no way"))
        said = self.run_client(*self.call("slow.example.com"), "--stop-after", "1", *self.call("a.example.com"))
        self.assertEqual([entry["state"] for entry in said["end"]], ["Stopped", "Completed"])
        self.assertEqual(self.violations(), [])
        said = self.run_client("--host", *self.call("host.example.com"), status=1)
        self.assertEqual([entry["call"] for entry in said["host"]], ["readline"])
        said = self.run_client("--script", "1", status=1, server={"language": "none"})
        self.assertIn("no-language mode", said["end"][0]["reason"])
        said = self.run_client(*self.call("a.example.com"), status=3, server={"broken": "The session cannot be configured."})
        self.assertIn("The session cannot be configured.", said["session"][-1]["reason"])
        said = self.run_client(*self.call("a.example.com"), status=3, faults=[{"do": "exit", "code": 7, "action": "Open"}])
        self.assertEqual(said["session"][-1]["state"], "Broken")
