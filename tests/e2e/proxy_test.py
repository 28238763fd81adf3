"""A reverse proxy on the agent's own machine (a real nginx) opens nothing that is for local callers only."""

import subprocess
import unittest

import lab
from lab import LabTest

ATL = "atl.example.com"
QUERY = f"/api/v1/Get-CsBackupServiceStatus?PoolFqdn={ATL}"


class Nginx:
    """One worker in the foreground on a loopback port; ended by pid."""

    def __init__(self, folder, location):
        self.address = f"127.0.0.1:{lab.free_port()}"
        temporary = " ".join(f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = folder / "nginx.conf"
        config.write_text(f"daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.err; events {{}}\n"
                          f"http {{ access_log off; {temporary} server {{ listen {self.address}; {location} }} }}\n", encoding="utf-8")
        self.command = ["nginx", "-e", f"{folder}/nginx.err", "-c", str(config)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        with lab.ended_on_failure(self.process):
            lab.wait_for(self._listens, "nginx to listen")
        return self

    def __exit__(self, *_):
        lab.stop(self.process)

    def _listens(self):
        try:
            self.get("/")
        except OSError:
            return False
        return True

    def get(self, path):
        return lab.request(self.address, "GET", path)


class Proxy(LabTest):
    def setUp(self):
        super().setUp()
        self.configure()
        self.drop_status(ATL)

    def test_no_kind_of_proxy_is_a_local_caller(self):
        socket = self.folder / "web.sock"
        with self.agent(addresses=("127.0.0.1:0", f"unix:{socket}")) as agent:
            self.wait(agent.ready, "the first cycle")
            self.assertEqual(agent.request(QUERY).status, 200, "asked directly")
            for target in (f"http://{agent.address}", f"http://unix:{socket}:"):
                for settings, sign in (("", "HTTP/1.0"), ("proxy_http_version 1.1; proxy_set_header X-Real-IP $remote_addr;", "X-Real-IP"),
                                       ("proxy_http_version 1.1; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;", "X-Forwarded-For")):
                    settings += f" proxy_set_header Host {agent.address};"
                    with self.subTest(target=target, settings=settings), Nginx(self.folder, f"location / {{ proxy_pass {target}; {settings} }}") as nginx:
                        for path in (QUERY, "/config", f"/api/v1/history?PoolFqdn={ATL}"):
                            answer = nginx.get(path)
                            self.assertEqual(answer.status, 403, path)
                            self.assertIn(sign, answer.text)
                            self.assertIn("proxy", answer.text)
                        self.assertIn("sfb_backup_up{", nginx.get("/metrics").text)

    def test_the_set_up_of_the_readme(self):
        """The agent listens on a unix socket only, nginx passes the metrics and nothing else."""
        socket = self.folder / "web.sock"
        with self.agent(addresses=("127.0.0.1:0", f"unix:{socket}")) as agent:
            self.wait(agent.ready, "the first cycle")
            with Nginx(self.folder, f"location = /metrics {{ proxy_pass http://unix:{socket}; }}") as nginx:
                self.assertIn("sfb_backup_up{", nginx.get("/metrics").text)
                self.assertEqual(nginx.get(QUERY).status, 404)
            asked = subprocess.run([lab.ASK, "-PoolFqdn", ATL], env={"SFB_BACKUP_EXPORTER_URL": f"unix:{socket}"}, capture_output=True, check=False)
            self.assertEqual(asked.returncode, 0, asked.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
