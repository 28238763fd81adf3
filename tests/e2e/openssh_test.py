"""Transport ssh through Debian's own OpenSSH, both ends of it real: what goes wrong between them has its reason and a remedy.

The server is one of the test's own, on a free port of loopback, with keys and a configuration of its own. Its user is whoever runs the test."""

import os
import pathlib
import pwd
import re
import shutil
import socket
import subprocess
import unittest

import child
import lab
import ssh_lab
from ssh_lab import SshTest

SSHD, SSH = "/usr/sbin/sshd", "/usr/bin/ssh"
POOL = "atl.example.com"
USER, SHELL = pwd.getpwuid(os.getuid()).pw_name, pwd.getpwuid(os.getuid()).pw_shell
BANNER = "Authorised use only."


def require():
    """Ends the test as skipped where sshd cannot be used."""
    for program, package in ((SSHD, "openssh-server"), (SSH, "openssh-client")):
        if not os.access(program, os.X_OK):
            lab.skip_module(f"{program} is not there; install {package}")
    if not SHELL.endswith("sh"):
        lab.skip_module(f"sshd lets nobody in whose shell is {SHELL}; run the test as a user with an ordinary shell")


def setUpModule():
    require()


class Server:
    """One sshd. Use as a context manager; ends it by pid, and its sessions with it."""

    def __init__(self, folder, port, subsystem, *more):
        self.folder, self.port = pathlib.Path(folder), port
        self.log_path, self.path = self.folder / "sshd.log", self.folder / "sshd_config"
        # No StrictModes: the test's folder lies below one that others may write to. No PAM: the accounts of a container are often locked.
        self.path.write_text("\n".join([
            f"ListenAddress 127.0.0.1:{port}", f"HostKey {self.folder}/host_key", f"AuthorizedKeysFile {self.folder}/authorized_keys", "PidFile none",
            "StrictModes no", "UsePAM no", "PermitRootLogin yes", "PasswordAuthentication no", "KbdInteractiveAuthentication no", "PrintMotd yes",
            f"Banner {self.folder}/banner", f"Subsystem powershell {subsystem}", "Subsystem noisy /bin/echo Welcome.", *more, ""]), encoding="utf-8")
        (self.folder / "banner").write_text(BANNER + "\n", encoding="utf-8")
        self.process = None

    def __enter__(self):
        # Root's sshd wants this folder, which its service would make.
        if os.getuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(self.path)], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        with lab.ended_on_failure(self.process):
            lab.wait_for(self._listening, "sshd to listen")
        return self

    def __exit__(self, *_):
        try:
            self.kill_sessions()
        finally:
            lab.stop(self.process)

    def _listening(self):
        if self.process.poll() is not None:
            raise AssertionError(f"sshd ended with {self.process.returncode}:\n{self.log()}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def sessions(self):
        return [one for one in ssh_lab.processes() if one.parent == self.process.pid]

    def kill_sessions(self):
        """The connections break; the programs see the end of stdin."""
        for one in self.sessions():
            lab.kill(one.pid)


class Login:
    """Beside a lab.LabTest: keys, a port, and what the agent's configuration says of them."""

    def prepare_login(self, command):
        """`command`: the words of the program that the subsystem starts."""
        for name in ("host_key", "id", "other"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(self.folder / name)], check=True)
        shutil.copy(self.folder / "id.pub", self.folder / "authorized_keys")
        self.port = lab.free_port()
        self.write_known("known_hosts", "host_key")
        # A program for sshd: a line of its configuration is a line of a shell's, so it has no blanks or quotes.
        self.subsystem = self.folder / "subsystem"
        words = " ".join(f"'{word}'" for word in command)
        self.subsystem.write_text(f"#!/bin/sh\nexec {words}\n", encoding="utf-8")
        self.subsystem.chmod(0o755)

    def write_known(self, name, key, host="127.0.0.1"):
        public = (self.folder / f"{key}.pub").read_text(encoding="ascii")
        (self.folder / name).write_text(f"[{host}]:{self.port} {public}", encoding="ascii")

    def keys(self, **changed):
        ssh = {"host": "127.0.0.1", "port": self.port, "user": USER, "identity_file": "id", "known_hosts_file": "known_hosts",
               "subsystem": "powershell", **changed}
        return {"ssh": {key: value for key, value in ssh.items() if value is not None}}

    def server(self):
        return Server(self.folder, self.port, self.subsystem)


class OpenSsh(Login, SshTest):
    def setUp(self):
        super().setUp()
        self.write_scenario({"listeners": [{"name": "atlanta"}], "pools": {POOL: {}, "chi.example.com": {}}})
        self.prepare_login(self.program("atlanta", "--errors-on-stdout"))

    def tearDown(self):
        self.wait_no_leftovers()
        self.assertEqual(self.violations(), [])

    def configure(self, endpoints, pools=None):
        self.configure_ssh(endpoints, pools or {POOL: next(iter(endpoints))}, settings={"evaluation_interval": "8s", "evaluation_timeout": "8s"})

    def evaluate(self, pool=POOL):
        return subprocess.run([lab.AGENT, "evaluate", f"--config.file={self.folder}/agent.yml", pool], capture_output=True, text=True,
                              timeout=2 * lab.WAIT, check=False)

    def test_it_works_from_the_login_to_the_logout(self):
        self.configure({"atlanta": self.keys()}, {POOL: "atlanta", "chi.example.com": "atlanta"})
        with self.server() as server:
            with self.agent() as agent:
                self.wait(agent.ready, "ready")
                self.wait(lambda: len(self.journal("pipeline")) >= 6, "six runs")
                self.assertEqual((self.failures(agent), self.ill(agent)), ({}, []), agent.log())
                self.assertEqual([one.command[0] for one in self.children(agent)], [SSH])
                self.assertEqual(len(self.started("atlanta")), 1, "one login for all pools")
                self.assertEqual(len(re.findall("Accepted publickey", server.log())), 1)
                self.assertIn("BackupModules", agent.query(POOL).text)
                self.quiet(agent)
            self.wait(lambda: not server.sessions() and not self.leftovers(), "the connection and its program to end")
            self.assertEqual([child.ended_in_order(entry) for entry in self.journal("end")], [True])
            shown = self.evaluate()
            self.assertEqual(shown.returncode, 0, shown.stderr)
            self.assertRegex(shown.stderr, rf"(?m)^  process +{SSH} \(pid \d+\)$")
            self.assertRegex(shown.stderr, r"(?m)^  protocol +server 2\.3, used 2\.3$")

    def test_what_a_login_prints_besides(self):
        """The banner of sshd comes on stderr and does no harm, nor does what the user's shell prints there; what it prints into the session
        does, and is shown."""
        if not SHELL.endswith("bash"):
            lab.skip_part(f"what a login prints: the account's shell is {SHELL}, and only bash is made to print something")
            self.skipTest("no bash")
        self.configure({"atlanta": self.keys()})
        for noise, good in (("echo A note. >&2", True), ("echo A note.", False)):
            with self.subTest(noise=noise):
                (self.folder / ".bashrc").write_text(noise + "\n", encoding="utf-8")  # which bash reads when sshd starts it
                with Server(self.folder, self.port, self.subsystem, f"SetEnv HOME={self.folder}"):
                    shown = self.evaluate()
                self.assertEqual(shown.returncode, 0 if good else 1, shown.stderr)
                if not good:
                    for text in ("reason: protocol (psrp.not_a_packet)", "A note.", BANNER, "a banner, a profile"):
                        self.assertIn(text, shown.stderr)

    # Changed keys, reason and code, stage, a part of the message, of the remedy.
    CASES = {
        "other-host": ({"known_hosts_file": "other_hosts"}, "tls (ssh.host_key)", "tls", "another key", "find out why"),
        "unknown-host": ({"known_hosts_file": "unknown_hosts"}, "tls (ssh.host_key)", "tls", "not in known_hosts_file", "ssh-keyscan"),
        "refused": ({"identity_file": "other"}, "auth (ssh.denied)", "auth", "refused the key", "authorized_keys"),
        "nobody": ({"user": "no-such-user"}, "auth (ssh.denied)", "auth", "refused the key", "user"),
        "passphrase": ({"identity_file": "locked"}, "auth (ssh.denied)", "auth", "refused the key", "passphrase"),
        "open-key": ({"identity_file": "open"}, "process (ssh.identity)", "auth", "may be read by others", "chmod 600"),
        "no-key": ({"identity_file": "known_hosts"}, "process (ssh.identity)", "auth", "cannot be used", "private key"),
        "no-subsystem": ({"subsystem": "pwsh"}, "protocol (ssh.subsystem)", "open", "no such subsystem", "Subsystem powershell"),
        "noisy": ({"subsystem": "noisy"}, "protocol (psrp.not_a_packet)", "open", "something other than PSRP", "banner"),
        "no-server": ({"port": 1}, "connect (ssh.connect)", "connect", "nothing listens", "sshd runs"),
        "no-name": ({"host": "no-such-host.invalid"}, "dns (ssh.dns)", "resolve", "could not be resolved", "resolver"),
        "no-cipher": ({"options": {"Ciphers": "3des-cbc"}}, "protocol (ssh.negotiate)", "connect", "no algorithm in common", "options"),
    }

    def prepare_cases(self):
        self.write_known("other_hosts", "other")
        self.write_known("unknown_hosts", "host_key", host="127.0.0.9")
        shutil.copy(self.folder / "id", self.folder / "open")
        (self.folder / "open").chmod(0o644)
        (self.folder / "known_hosts").chmod(0o600)  # it is no key, but that is all
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", str(self.folder / "locked")], check=True)
        self.configure({name: self.keys(**changed) for name, (changed, *_) in self.CASES.items()}, {f"{name}.example.com": name for name in self.CASES})

    def test_what_fails_has_its_reason_and_remedy(self):
        self.prepare_cases()
        with self.server():
            for name, (_, reason, stage, message, remedy) in self.CASES.items():
                with self.subTest(name=name):
                    shown = self.evaluate(f"{name}.example.com")
                    self.assertEqual(shown.returncode, 1, shown.stderr)
                    self.assertIn(f"reason: {reason}\n", shown.stderr)
                    self.assertRegex(shown.stderr, rf"(?m)^stage: +{stage}$")
                    self.assertRegex(shown.stderr, rf"(?m)^failed: .*{re.escape(message)}")
                    self.assertRegex(shown.stderr, rf"(?m)^remedy: .*{re.escape(remedy)}")
                    self.assertRegex(shown.stderr, r"(?m)^answer: .", "ssh's own words")

    def test_the_agent_counts_the_reasons(self):
        self.prepare_cases()
        with self.server(), self.agent() as agent:
            self.wait(lambda: len({pool for pool, _ in self.failures(agent)}) == len(self.CASES), lambda: f"all to fail: {self.failures(agent)}")
            for name, (_, reason, stage, *_) in self.CASES.items():
                with self.subTest(name=name):
                    entry = self.entries(agent, f"{name}.example.com")[-1]
                    self.assertEqual((f"{entry['reason']} ({entry['code']})", entry["stage"]), (reason, stage))
            # A refused key is not tried again and again.
            resting = {pool for pool, when in agent.by_pool("sfb_backup_evaluation_backoff_until_timestamp_seconds").items() if when}
            self.assertEqual(resting, {f"{name}.example.com" for name, row in self.CASES.items() if row[1].startswith("auth")})

    def test_a_server_that_goes_and_comes_back(self):
        self.configure({"atlanta": self.keys()})
        with self.agent() as agent:
            last = lambda: self.entries(agent, POOL)[0]
            with self.server() as server:
                self.wait(lambda: len(self.runs(POOL)) >= 2, "two runs")
                # One connection is cut while it is idle: nobody notices.
                self.wait(lambda: len(self.journal("close")) == len(self.journal("pipeline")), "it to be idle")
                server.kill_sessions()
                before = len(self.runs(POOL))
                self.wait(lambda: len(self.runs(POOL)) > before, "another run")
                self.assertEqual(self.failures(agent), {})
                # One while the cmdlet runs.
                self.write_scenario({"listeners": [{"name": "atlanta"}], "pools": {POOL: {"slow": "1h"}}})
                server.kill_sessions()
                before = len(self.runs(POOL))
                self.wait(lambda: len(self.runs(POOL)) > before, "the cmdlet to run")
                server.kill_sessions()
                self.wait(lambda: last().get("code"), "a failure")
                self.assertEqual((last()["reason"], last()["code"], last()["stage"]), ("connect", "ssh.connect", "query"))
                self.assertIn("closed by remote host", str(last()))
            self.wait(lambda: last().get("stage") == "connect", "the server to be missed")
            self.assertEqual((last()["reason"], last()["code"]), ("connect", "ssh.connect"))
            self.write_scenario({"listeners": [{"name": "atlanta"}], "pools": {POOL: {}}})
            with self.server():
                self.wait(lambda: not self.ill(agent), "it to heal")


if __name__ == "__main__":
    unittest.main(verbosity=2)
