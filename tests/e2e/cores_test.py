"""Secrets and core files: a crash leaves no core file, and what a core file would hold has no secret of a caller."""

import base64
import os
import pathlib
import resource
import signal
import subprocess
import unittest

import lab
import process_test
from callers_test import ADMINS, QUERY, Callers
from users_test import PROM, basic

CANARIES = {"token": "canary-token-4f1d6c02aa", "pusher": "canary-pusher-93be77d1", "stranger": "canary-stranger-0c55e8f2"}
WRONG = "canary-guess-71aa20d9"
KEY, DIRECTORY = b"canary-keytab-5b0e6d21-abcdefghi", "canary-directory-44b8c7f3"


def without_limit():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


class Cores(Callers):
    def setUp(self):
        super().setUp()
        self.users(PROM)
        self.authorize_all(KEY, DIRECTORY, users={PROM[0]: [ADMINS]},
                           tokens=[{"name": "nagios-by-token", "token_file": self.token("nagios.token", CANARIES["token"]), "groups": [ADMINS]},
                                   {"name": "pusher-by-token", "token_file": self.token("pusher.token", CANARIES["pusher"])}])

    def cores(self):
        return list(pathlib.Path(self.folder).glob("core*"))

    def ask_with_all(self, agent):
        for name, token in CANARIES.items():
            self.assertEqual(self.status_of(agent, QUERY, *self.bearer(token)), {"token": 200, "pusher": 403, "stranger": 401}[name])
        self.assertEqual(self.status_of(agent, QUERY, "-u", ":".join(PROM[:2])), 200)
        self.assertEqual(self.status_of(agent, QUERY, "-u", f"{PROM[0]}:{WRONG}"), 401)

    def test_a_crash_leaves_no_core_file(self):
        with open("/proc/sys/kernel/core_pattern", encoding="ascii") as pattern:
            if pattern.read().startswith(("|", "/")):
                self.skipTest("this machine writes core files elsewhere (kernel.core_pattern)")
        control = subprocess.Popen(["/bin/sleep", "100"], cwd=self.folder, preexec_fn=without_limit)
        control.send_signal(signal.SIGABRT)
        control.wait(lab.WAIT)
        if not self.cores():
            self.skipTest("this machine writes no core files at all")
        for core in self.cores():
            core.unlink()
        port = lab.free_port()
        process = subprocess.Popen([lab.AGENT, f"--config.file={self.folder}/agent.yml", f"--web.config.file={self.file}",
                                    f"--web.listen-address=127.0.0.1:{port}"],
                                   cwd=self.folder, preexec_fn=without_limit, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lab.stop, process, signal.SIGKILL)
        agent = lab.Agent(self.folder)
        agent.address = f"127.0.0.1:{port}"
        self.wait(lambda: self.curl(agent, "/-/healthy", "-u", ":".join(PROM[:2]))[1] == 200, "the agent to serve")
        self.ask_with_all(agent)
        process.send_signal(signal.SIGABRT)
        self.assertEqual(process.wait(lab.WAIT), -signal.SIGABRT)
        self.assertEqual(self.cores(), [])

    @unittest.skipUnless(os.geteuid() == 0, "only root reads the memory of another process")
    def test_no_secret_of_a_caller_stays_in_memory(self):
        with self.served() as agent:
            failed = 'sfb_backup_exporter_group_lookups_total{outcome="failed"} 1'
            self.wait(lambda: failed in self.curl(agent, "/metrics", "-u", ":".join(PROM[:2]))[2], "the directory's password was read")
            for _ in range(3):
                self.ask_with_all(agent)
            memory = b"".join(process_test.Memory.memory(self, agent.process))
            self.assertGreater(memory.count(b"nagios-by-token"), 0, "the scan itself")
            # Of the server's private key the numbers must be there, but not the text.
            for secret in (*CANARIES.values(), WRONG, PROM[1], KEY.decode(), DIRECTORY, *self.lines_of_key()):
                self.assertEqual(memory.count(secret.encode()), 0, secret)
            for user, password in (PROM[:2], (PROM[0], WRONG)):
                proof = basic(user, password)["Authorization"].split()[1]
                self.assertEqual(memory.count(proof.encode()), 0, base64.b64decode(proof))


if __name__ == "__main__":
    unittest.main(verbosity=2)
