"""Users with passwords, the rate and the headers of the web configuration file; and the command over https. Judged by curl and
Prometheus."""

import base64
import contextlib
import http.client
import json
import re
import ssl
import subprocess
import threading

import lab
from watchers import Prometheus
from web_test import Web

ATL = "atl.example.com"
# bcrypt at cost 10: `secret of prom` and `secret of desk`.
PROM = ("prom", "secret of prom", "$2b$10$abcdefghijklmnopqrstuuWzL.OK7PJbHDteW.6TWI8w8cZeaB8BG")
DESK = ("desk", "secret of desk", "$2y$10$ABCDEFGHIJKLMNOPQRSTUu4JRVh.YkFSMVOoQ2UvThqY6m27Z7PZe")
GUESSERS = 32


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class Users(Web):
    def users(self, *users, **more):
        self.write(json.dumps({"tls_server_config": self.tls, "basic_auth_users": {name: hashed for name, _, hashed in users}, **more}))

    def command(self, agent, *arguments, **variables):
        environment = {"SFB_BACKUP_EXPORTER_URL": f"https://{agent.address}",
                       "SFB_BACKUP_EXPORTER_CA_FILE": str(self.certificates / "ca.pem"),
                       **{f"SFB_BACKUP_EXPORTER_{name}": str(value) for name, value in variables.items()}}
        return subprocess.run([str(lab.ASK), "-PoolFqdn", ATL, *arguments], env=environment, capture_output=True, text=True,
                              timeout=lab.WAIT, check=False)

    def password_file(self, text, name="password"):
        path = self.folder / name
        path.write_text(text + "\n", encoding="utf-8")
        return path

    def connection(self, agent):
        context = ssl.create_default_context(cafile=str(self.certificates / "ca.pem"))
        host, port = agent.address.rsplit(":", 1)
        return contextlib.closing(http.client.HTTPSConnection(host, int(port), timeout=lab.WAIT, context=context))

    def status(self, connection, path, headers):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status


class Logins(Users):
    def test_every_page_needs_one(self):
        self.users(PROM, DESK)
        good = ("-u", ":".join(PROM[:2]))
        with self.served() as agent:
            for path in ("/metrics", "/-/healthy", "/", "/config", "/api/v1/pools", f"/api/v1/Get-CsBackupServiceStatus?PoolFqdn={ATL}"):
                self.assertEqual(self.curl(agent, path)[1], 401, path)
                self.assertEqual(self.curl(agent, path, "-u", "prom:wrong")[1], 401, path)
                self.assertEqual(self.curl(agent, path, "-u", f"desk:{PROM[1]}")[1], 401, path)
                self.wait(lambda path=path: self.curl(agent, path, *good)[1] == 200, path)
            shown = self.curl(agent, "/metrics", "-i")[2]
            self.assertIn('WWW-Authenticate: Basic realm="sfb_backup_exporter", charset="UTF-8"\n', shown.replace("\r", ""))
            page = self.curl(agent, "/metrics", *good)[2]
            self.assertIn('sfb_backup_exporter_logins_total{result="good"} 1\n', page)
            for secret in (PROM[1], DESK[1], PROM[2], DESK[2], good[1], base64.b64encode(good[1].encode()).decode()):
                for place in (page, agent.log(), self.curl(agent, "/config", *good)[2]):
                    self.assertNotIn(secret, place)

    def test_health_pages_on_an_address_of_their_own_need_none(self):
        self.users(PROM)
        with self.served("--web.health-listen-address=127.0.0.1:0") as agent:
            health = self.wait_logged(agent, r"health_address=(\S+)\s").group(1)
            for path, status in (("/-/healthy", 200), ("/-/ready", 200), ("/metrics", 404), ("/api/v1/pools", 404)):
                self.wait(lambda path=path, status=status: lab.request(health, "GET", path).status == status, path)

    def test_a_login_is_no_right_to_ask(self):
        self.configure(authorization="")
        self.users(PROM)
        good = ("-u", ":".join(PROM[:2]))
        with self.served() as agent:
            code, status, body = self.curl(agent, f"/api/v1/Get-CsBackupServiceStatus?PoolFqdn={ATL}", *good)
            self.assertEqual((code, status), (0, 403), body)
            self.assertIn("access.groups", body)
            self.assertEqual(self.curl(agent, "/metrics", *good)[1], 200)

    def test_a_change_counts_without_a_restart(self):
        self.users(PROM)
        with self.served() as agent:
            self.assertEqual(self.curl(agent, "/metrics", "-u", ":".join(PROM[:2]))[1], 200)
            self.users(("prom", DESK[1], DESK[2]))
            self.wait(lambda: self.curl(agent, "/metrics", "-u", f"prom:{DESK[1]}")[1] == 200, "the new password")
            self.assertEqual(self.curl(agent, "/metrics", "-u", ":".join(PROM[:2]))[1], 401)

    def test_prometheus_logs_in(self):
        self.users(PROM)
        how = {"scheme": "https", "tls_config": {"ca_file": str(self.certificates / "ca.pem")},
               "basic_auth": {"username": PROM[0], "password": PROM[1]}}
        rules = self.folder / "none.yml"
        rules.write_text("groups: []\n")
        with self.served() as agent, Prometheus(self.folder, {"sfb-backup": ([agent.address], how)}, rules) as prometheus:
            self.wait(lambda: prometheus.value('up{job="sfb-backup"}') == 1, "Prometheus to scrape with a login")

    def test_guesses_keep_nobody_out(self):
        self.users(PROM, DESK)
        stop = threading.Event()
        outcomes = []

        def guess(agent, number):
            count = 0
            with self.connection(agent) as connection:
                while not stop.is_set():
                    count += 1
                    outcomes.append(self.status(connection, "/metrics", basic("prom", f"guess {number} {count}")))

        with self.served() as agent, self.connection(agent) as known, self.connection(agent) as new:
            self.assertEqual(self.status(known, "/-/healthy", basic(*PROM[:2])), 200)
            threads = [threading.Thread(target=guess, args=(agent, number)) for number in range(GUESSERS)]
            for thread in threads:
                thread.start()
            self.wait(lambda: len(outcomes) >= GUESSERS, "each guesser had an answer")
            self.assertEqual(self.status(known, "/-/healthy", basic(*PROM[:2])), 200, "a login that is remembered")
            self.assertEqual(self.status(new, "/-/healthy", basic(*DESK[:2])), 200, "one that is not")
            stop.set()
            for thread in threads:
                thread.join()
            self.assertEqual(set(outcomes) - {503}, {401})
            self.assertEqual(self.status(known, "/-/healthy", basic(*PROM[:2])), 200)


class RateAndHeaders(Users):
    def test_more_is_refused(self):
        self.write(json.dumps({"rate_limit": {"interval": "1h", "burst": 2}, "http_server_config": {"headers": {"X-Frame-Options": "deny"}}}))
        with self.served() as agent:
            answers = [agent.request("/-/healthy") for _ in range(3)]
            self.assertEqual([answer.status for answer in answers], [200, 200, 429])
            self.assertEqual([answer.headers["X-Frame-Options"] for answer in answers], ["deny"] * 3)
            self.assertGreater(int(answers[2].headers["Retry-After"]), 0)
            host, port = agent.address.rsplit(":", 1)
            with contextlib.closing(http.client.HTTPConnection(host, int(port), timeout=lab.WAIT)) as plain:  # the server's own answer
                plain.putrequest("GET", "/" + "x" * 20_000)
                plain.endheaders()
                refused = plain.getresponse()
                self.assertEqual((refused.status, refused.headers["X-Frame-Options"]), (431, "deny"))
                self.assertEqual(len(refused.headers["X-Request-Id"]), 16)
            self.write("# none\n")
            self.wait(lambda: agent.request("/-/healthy").status == 200, "no rate any more")


class Command(Users):
    def test_it_logs_in_over_https(self):
        self.users(PROM)
        good = self.password_file(PROM[1])
        with self.served() as agent:
            self.wait(lambda: self.command(agent, USER="prom", PASSWORD_FILE=good).returncode == 0, "an answer")
            self.assertIn("BackupModules", self.command(agent, USER="prom", PASSWORD_FILE=good).stdout)
            for variables, said in (({}, "set SFB_BACKUP_EXPORTER_USER"),
                                    ({"USER": "prom", "PASSWORD_FILE": self.password_file("wrong", "other")}, "does not take the login"),
                                    ({"TOKEN_FILE": good}, "does not take the login"),
                                    ({"CA_FILE": self.certificates / "client.pem"}, "SFB_BACKUP_EXPORTER_CA_FILE")):
                run = self.command(agent, **variables)
                self.assertEqual((run.returncode, run.stdout), (1, ""), run.stderr)
                self.assertIn(said, run.stderr)
                self.assertNotIn(PROM[1], run.stderr)

    def test_it_shows_a_certificate(self):
        self.asking()
        shown = {"CERT_FILE": self.certificates / "client.pem", "KEY_FILE": self.certificates / "client.key"}
        with self.served() as agent:
            self.wait(lambda: self.command(agent, **shown).returncode == 0, "an answer")
            run = self.command(agent)
            self.assertEqual(run.returncode, 1)
            self.assertIn("the agent wants a client certificate", run.stderr)
