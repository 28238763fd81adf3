"""A file that the agent reads lies on a mount that hangs: pages go on, the message names the file, a reload ends, and so does the agent."""

import json
import signal
import socket
import subprocess
import unittest

import lab
from callers_test import ADMINS, QUERY, TOKEN, Callers
from hanging import Hanging, why_not
from web_test import SUCCESSFUL

POOL = "fe.example.com"
CONFIG_GOOD = "sfb_backup_exporter_config_last_reload_successful"


def setUpModule():
    if reason := why_not():
        lab.skip_module(reason)


class Hangs(Callers):
    def mounted(self, **files):
        return self.enterContext(Hanging({name.replace("_", "."): text for name, text in files.items()}))

    def said(self, agent, file):
        self.wait(lambda: f"reading {file} did not end in time" in agent.log(), lambda: f"the file's name\n{agent.log()[-3000:]}")

    def test_a_token_file(self):
        mount = self.mounted(a_token=TOKEN + "\n")
        file = mount.path / "a.token"
        self.authorize(tokens=[{"name": "grafana", "token_file": str(file), "groups": [ADMINS]}])
        with self.served("--web.enable-lifecycle") as agent:
            self.assertEqual(self.status_of(agent, QUERY, *self.bearer(TOKEN)), 200)
            mount.hang()
            asked = lambda: self.status_of(agent, QUERY, *self.bearer(TOKEN))
            self.wait(lambda: asked() == 200 and "did not end in time" in agent.log(), "what was read before counts")
            self.said(agent, file)
            self.assertEqual(self.status_of(agent, "/metrics"), 200)
            # A reload reads it, too.
            reload = lambda: self.curl(agent, "/-/reload", "-X", "POST", "--max-time", "60", *self.bearer(TOKEN))
            for _ in range(2):
                code, status, text = reload()
                self.assertEqual((code, status), (0, 500), text)
                self.assertIn(f"reading {file} did not end in time", text)
                self.assertEqual(self.metric(agent, CONFIG_GOOD), 0)
            mount.release()
            self.wait(lambda: reload()[1] == 200, "a good reload")
            self.assertEqual(self.metric(agent, CONFIG_GOOD), 1)

    def test_before_a_start(self):
        """A start, and the check that systemd runs before a reload, end and name the file."""
        mount = self.mounted(a_token=TOKEN + "\n", web_key=(self.certificates / "good.key").read_text())
        token, key = mount.path / "a.token", mount.path / "web.key"
        config, web = f"--config.file={self.folder}/agent.yml", f"--web.config.file={self.file}"
        evaluate = ["evaluate", config, POOL]
        self.authorize(tokens=[{"name": "grafana", "token_file": str(token), "groups": [ADMINS]}])
        mount.hang()
        hanging = [self.started(config), self.started("--config.check", config), self.started(*evaluate)]
        for process in hanging:
            self.ended_by(process, token)
        self.configure()
        self.tls["key_file"] = str(key)
        self.write()
        self.ended_by(self.started(config, web), key)

    def started(self, *arguments):
        process = subprocess.Popen([lab.AGENT, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(process.kill)
        return process

    def ended_by(self, process, file):
        said = process.communicate(timeout=3 * lab.WAIT)[0]
        self.assertIn(f"reading {file} did not end in time", said)
        self.assertEqual(process.returncode, 1, said)

    def test_the_key_of_the_web_configuration(self):
        mount = self.mounted(web_key=(self.certificates / "good.key").read_text())
        self.tls["key_file"] = str(mount.path / "web.key")
        self.write()
        with self.served() as agent:
            self.assertEqual(self.metric(agent, SUCCESSFUL), 1)
            mount.hang()
            self.wait(lambda: self.metric(agent, SUCCESSFUL) == 0, "the gauge, on pages that go on")
            self.said(agent, mount.path / "web.key")
            # Nor does it hold up the end.
            agent.signal(signal.SIGTERM)
            self.assertEqual(agent.process.wait(lab.WAIT), 0, agent.log())

    def test_a_password_file(self):
        mount = self.mounted(a_password="hunter2\n")
        file = mount.path / "a.password"
        # It is read for each new connection.
        listener = {"name": "fe", "users": {"svc-sfbmon": "hunter2"}, "closes": {"behind": 1, "announced": True}}
        scenario = {"listeners": [listener], "pools": {POOL: {}}}
        with self.simulator(scenario) as simulator:
            self.configure_winrm({"fe": {"url": simulator.url("fe")}}, {POOL: "fe"})
            config = self.folder / "agent.yml"
            settings = json.loads(config.read_text())
            settings["credentials"]["monitoring"]["password_file"] = str(file)
            config.write_text(json.dumps(settings), encoding="utf-8")
            with self.agent() as agent:
                up = lambda: agent.value(f'sfb_backup_up{{pool="{POOL}"}}')
                self.wait(lambda: up() == 1, lambda: f"an answer\n{agent.log()[-3000:]}")
                mount.hang()
                self.wait(lambda: up() == 0, "a failure")
                codes = lambda: {entry["code"]: entry["message"] for entry in agent.history(POOL)["history"]}
                self.wait(lambda: "secret.hung" in codes(), lambda: f"the code, not {codes()}")
                self.assertIn(str(file), codes()["secret.hung"])
                agent.signal(signal.SIGHUP)
                self.said(agent, file)
                self.assertEqual(agent.request("/metrics").status, 200)
                mount.release()
                self.wait(lambda: up() == 1, "an answer again")

    def test_the_password_file_of_the_directory(self):
        """Another one of a reload waits for no look-up that hangs with the one before."""
        mount = self.mounted(directory_password="hunter2\n")
        self.write_secret("hunter2", "other")
        account = {"method": "kerberos", "username": "svc-sfbmon", "realm": "EXAMPLE.COM", "kdcs": ["127.0.0.1"]}
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            port = nobody.getsockname()[1]  # closed again: a look-up that gets so far fails at once
        def configure(file):
            sections = {"authorization": {"directory": {"servers": [f"localhost:{port}"], "credentials": "monitoring"}},
                        "credentials": {"monitoring": {**account, "password_file": str(file)}}}
            self.configure(authorization="\n".join(f"{name}: {json.dumps(keys)}" for name, keys in sections.items()))
        configure(mount.path / "directory.password")
        mount.leave_out("directory")
        with self.agent() as agent:
            failed = lambda: agent.value('sfb_backup_exporter_group_lookups_total{outcome="failed"}')
            self.wait(lambda: agent.ready() and mount.waiting, lambda: f"the look-up\n{agent.log()[-3000:]}")
            self.assertEqual(failed(), 0)
            configure(self.folder / "other.password")
            agent.signal(signal.SIGHUP)
            self.wait(failed, lambda: f"a look-up with the other file\n{agent.log()[-3000:]}")
            self.assertIn("directory.connect", agent.log())
            agent.signal(signal.SIGTERM)
            self.assertEqual(agent.process.wait(lab.WAIT), 0, agent.log())


if __name__ == "__main__":
    unittest.main(verbosity=2)
