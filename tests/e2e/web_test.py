"""The agent's own pages over TLS, judged by curl, openssl s_client and Prometheus; and the web configuration file as it changes."""

import contextlib
import http.client
import json
import re
import signal
import ssl
import subprocess
import unittest

import lab
import pki
from lab import LabTest
from watchers import Prometheus

ATL = "atl.example.com"
SUCCESSFUL = "sfb_backup_exporter_web_config_last_reload_successful"
ENDS = "sfb_backup_exporter_web_certificate_expiry_timestamp_seconds"


class Web(LabTest):
    def setUp(self):
        super().setUp()
        self.configure()
        self.drop_status(ATL)
        self.certificates = self.folder / "pki"
        pki.make_certificates(self.certificates)
        for name in ("good", "chain"):
            (self.certificates / f"{name}.key").chmod(0o600)
        self.client("client", "DNS:prometheus.example.com")
        self.file = self.certificates / "web.yml"
        self.tls = {"cert_file": "good.pem", "key_file": "good.key"}
        self.write()

    def client(self, name, names):
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], cwd=self.certificates, check=True, capture_output=True)
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr",
                "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2", "-copy_extensions", "copy",
                "-out", f"{name}.pem")

    def write(self, text=None, **tls):
        """The file as one step, as a careful program writes it."""
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps({"tls_server_config": {**self.tls, **tls}}) if text is None else text, encoding="utf-8")
        new.replace(self.file)

    def asking(self, **more):
        self.write(client_auth_type="RequireAndVerifyClientCert", client_ca_file="ca.pem", **more)

    def served(self, *arguments):
        return self.agent(f"--web.config.file={self.file}", *arguments)

    def agent_alone(self, *arguments):
        return subprocess.run([str(lab.AGENT), f"--config.file={self.folder}/agent.yml", *arguments], capture_output=True, text=True,
                              timeout=lab.WAIT, check=False)

    def curl(self, agent, path="/metrics", *arguments, client=None):
        """(exit code, HTTP status, body)"""
        shown = ["--cert", f"{client}.pem", "--key", f"{client}.key"] if client else []
        run = subprocess.run(["curl", "-sS", "--max-time", "20", "--cacert", "ca.pem", *shown, *arguments, "-w", "\n%{http_code}",
                              f"https://{agent.address}{path}"], cwd=self.certificates, capture_output=True, text=True, check=False)
        body, _, status = run.stdout.rpartition("\n")
        return run.returncode, int(status or 0), body

    def metric(self, agent, name, **more):
        found = re.search(rf"(?m)^{name} (.*)$", self.curl(agent, **more)[2])
        return float(found.group(1)) if found else None

    def s_client(self, agent, *arguments):
        run = subprocess.run(["openssl", "s_client", "-connect", agent.address, "-CAfile", "ca.pem", "-verify_return_error", *arguments],
                             cwd=self.certificates, input="GET /-/healthy HTTP/1.0\r\nHost: localhost\r\n\r\n", capture_output=True,
                             text=True, timeout=lab.WAIT, check=False)
        return run.stdout + run.stderr

    def serial(self, agent):
        shown = self.s_client(agent)
        run = subprocess.run(["openssl", "x509", "-noout", "-serial", "-subject"], input=shown, capture_output=True, text=True, check=True)
        return run.stdout


class Speaks(Web):
    def test_versions_suites_and_curves(self):
        self.write(min_version="TLS12", cipher_suites=["TLS_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"],
                   curve_preferences=["CurveP384"])
        with self.served() as agent:
            self.assertEqual(self.curl(agent, "/-/healthy")[:2], (0, 200))
            for version, suite in (("-tls1_2", "ECDHE-ECDSA-AES256-GCM-SHA384"), ("-tls1_3", "TLS_AES_256_GCM_SHA384")):
                shown = self.s_client(agent, version, "-ign_eof")
                self.assertIn("Verify return code: 0 (ok)", shown)
                self.assertIn(f"Cipher is {suite}", shown)
                self.assertIn("Server Temp Key: ECDH, secp384r1, 384 bits", shown)
                self.assertIn("HTTP/1.1 200 OK", shown)
            for refused in (["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"],
                            ["-groups", "X25519"]):
                self.assertIn("alert", self.s_client(agent, *refused), refused)
        self.write(max_version="TLS12")
        with self.served() as agent:
            self.assertIn("alert protocol version", self.s_client(agent, "-tls1_3"))

    def test_curl_offers_http2_and_gets_http11(self):
        with self.served() as agent:
            code, status, body = self.curl(agent, "/-/healthy", "--http2", "-i")
            self.assertEqual((code, status), (0, 200))
            self.assertTrue(body.startswith("HTTP/1.1 200"), body)

    def test_plain_http_is_told_so(self):
        with self.served() as agent:
            answer = agent.request("/metrics")
            self.assertEqual((answer.status, answer.text), (400, "this address speaks HTTPS: ask with https://\n"))

    def test_clients_certificates(self):
        self.client("other", "DNS:other.example.com")
        self.asking(client_allowed_sans=["prometheus.example.com"])
        with self.served() as agent:
            self.assertEqual(self.curl(agent, client="client")[:2], (0, 200))
            for wrong in (None, "other", "stranger"):
                code, status, _ = self.curl(agent, client=wrong)
                self.assertNotEqual(code, 0, wrong)
                self.assertEqual(status, 0, wrong)
            self.wait(lambda: "TLS handshakes failed" in agent.log(), "the log to tell why")


class Changes(Web):
    def test_a_certificate_renewed_in_place_is_taken_up(self):
        with self.served() as agent:
            before, ends = self.serial(agent), self.metric(agent, ENDS)
            self.assertIn("CN = good", before)
            for name in ("pem", "key"):
                (self.certificates / f"chain.{name}").replace(self.certificates / f"good.{name}")
            self.wait(lambda: "CN = chain" in self.serial(agent), "the new certificate, without a signal")
            self.assertLess(self.metric(agent, ENDS), ends)
            self.assertEqual(self.metric(agent, SUCCESSFUL), 1)

    def test_the_last_good_one_stays_and_a_mended_file_clears_the_gauge(self):
        with self.served() as agent:
            self.assertEqual(self.metric(agent, SUCCESSFUL), 1)
            good = self.file.read_text(encoding="utf-8")
            for broken, said in (
                    (good[:-3], "is not valid YAML"),
                    ("", "tls_server_config: is gone"),
                    (json.dumps({"tls_server_config": {**self.tls, "key_file": "ca.key"}}), "the key does not belong to the certificate"),
                    (json.dumps({"tls_server_config": {**self.tls, "cert_file": "absent.pem"}}), "there is no such file")):
                self.write(broken)
                self.wait(lambda: self.metric(agent, SUCCESSFUL) == 0, lambda: f"{broken} to be refused")
                self.wait(lambda: said in agent.log(), lambda: f"{said} in the log")
                self.assertIn("web configuration refused, the last good one stays", agent.log())
                self.assertEqual(self.curl(agent, "/-/healthy")[:2], (0, 200))
                self.write(good)
                self.wait(lambda: self.metric(agent, SUCCESSFUL) == 1, "the mended file to be taken")
            self.assertEqual(agent.log().count("is not valid YAML"), 1, "each mistake is told once")

    def test_sighup_reads_at_once_and_tells(self):
        with self.served() as agent:
            before = agent.log().count("web configuration in use")
            agent.signal(signal.SIGHUP)
            self.wait(lambda: agent.log().count("web configuration in use") > before, "the reload")
            self.assertEqual(self.curl(agent, "/-/healthy")[:2], (0, 200))

    def test_a_reload_by_http_tells_what_is_wrong(self):
        def reload(agent):
            code, status, body = self.curl(agent, "/-/reload", "-X", "POST")
            self.assertEqual(code, 0)
            return status, body
        with self.served("--web.enable-lifecycle") as agent:
            self.assertEqual(reload(agent)[0], 200)
            self.write(min_version="TLS10")
            status, body = reload(agent)
            self.assertEqual(status, 500, body)
            self.assertIn("configuration reloaded: 2 pools", body)
            self.assertIn("tls_server_config.min_version: TLS10 is not spoken here", body)
            self.write()
            self.assertEqual(reload(agent)[0], 200)

    def test_clients_are_asked_from_the_next_connection_on(self):
        with self.served() as agent:
            self.assertEqual(self.curl(agent)[:2], (0, 200))
            self.asking()
            self.wait(lambda: self.curl(agent)[0] != 0, "clients without a certificate to be refused")
            self.assertEqual(self.curl(agent, client="client")[:2], (0, 200))

    def test_half_a_file_lets_nobody_in(self):
        """Each key that keeps somebody out is gone in turn, as where a file is cut off while it is written."""
        self.asking(client_allowed_sans=["prometheus.example.com"])
        self.client("other", "DNS:other.example.com")
        good = json.loads(self.file.read_text())
        without = lambda *gone: {"tls_server_config": {key: value for key, value in good["tls_server_config"].items() if key not in gone}}
        with self.served() as agent:
            for gone in (("client_auth_type", "client_ca_file", "client_allowed_sans"), ("client_ca_file",), ("client_allowed_sans",)):
                self.write(json.dumps(without(*gone)))
                self.wait(lambda: self.metric(agent, SUCCESSFUL, client="client") == 0, lambda keys=gone: f"a file without {keys} to be refused")
                self.wait(lambda key=gone[0]: f"tls_server_config.{key}: is gone, which would let in" in agent.log(), lambda: agent.log()[-3000:])
                for stranger in (None, "other"):
                    self.assertNotEqual(self.curl(agent, client=stranger)[0], 0, gone)
                self.write(json.dumps(good))
                self.wait(lambda: self.metric(agent, SUCCESSFUL, client="client") == 1, "the good file")
            # Said in words, it is meant.
            self.asking(client_allowed_sans=["prometheus.example.com", "other.example.com"])
            self.wait(lambda: self.curl(agent, client="other")[0] == 0, "another name to be let in")

    def test_a_kept_connection_asks_on_and_makes_the_agent_look(self):
        context = ssl.create_default_context(cafile=self.certificates / "ca.pem")
        with self.served() as agent:
            host, port = agent.address.rsplit(":", 1)
            with contextlib.closing(http.client.HTTPSConnection(host, int(port), timeout=lab.WAIT, context=context)) as connection:
                def successful():
                    connection.request("GET", "/metrics")
                    return f"{SUCCESSFUL} 1" in connection.getresponse().read().decode()
                self.assertTrue(successful())
                self.write("{")
                self.wait(lambda: not successful(), "a request to show the refusal")


class Starts(Web):
    def test_a_bad_file_is_told_and_nothing_starts(self):
        self.write(min_version="TLS10")
        for arguments in ([], ["--config.check"]):
            run = self.agent_alone(f"--web.config.file={self.file}", "--web.listen-address=127.0.0.1:0", *arguments)
            self.assertEqual(run.returncode, 1)
            self.assertIn("tls_server_config.min_version: TLS10 is not spoken here", run.stderr)
        run = self.agent_alone("--web.config.file=/nowhere/web.yml", "--config.check")
        self.assertEqual(run.returncode, 1)
        self.assertIn("/nowhere/web.yml: there is no such file, check the path given with --web.config.file", run.stderr)

    def test_a_good_file_is_checked_and_http2_told(self):
        self.write(json.dumps({"tls_server_config": self.tls, "http_server_config": {"http2": True}}))
        run = self.agent_alone(f"--web.config.file={self.file}", "--config.check")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn(f"{self.file}: ok\n", run.stdout)
        self.assertIn("http2: has no effect", run.stderr)
        with self.served() as agent:
            self.assertIn("http2: has no effect", agent.log())

    def test_the_example_file_is_good(self):
        for name, suffix in (("server", "crt"), ("server", "key")):
            source = "good.pem" if suffix == "crt" else "good.key"
            (self.certificates / f"{name}.{suffix}").write_text((self.certificates / source).read_text())
        self.write((lab.ROOT / "deploy" / "web.yml").read_text())
        self.assertEqual(self.agent_alone(f"--web.config.file={self.file}", "--config.check").returncode, 0)

    def test_plain_http_without_tls_in_the_file(self):
        self.write("# nothing yet\n")
        with self.served() as agent:
            self.assertEqual(agent.value(SUCCESSFUL), 1)
            self.assertIsNone(agent.value(ENDS))
            self.write()
            self.wait(lambda: self.curl(agent, "/-/healthy")[:2] == (0, 200), "TLS, which needs no restart")


class Doors(Web):
    def test_health_pages_answer_beside_tls(self):
        self.asking()
        with self.served("--web.health-listen-address=127.0.0.1:0") as agent:
            health = self.wait_logged(agent, r"health_address=(\S+)\s").group(1)
            self.assertNotEqual(health, agent.address)
            self.assertEqual(lab.request(health, "GET", "/-/healthy").status, 200)
            self.wait(lambda: lab.request(health, "GET", "/-/ready").status == 200, "ready")
            self.assertEqual(lab.request(health, "POST", "/-/healthy").status, 405)
            for path in ("/metrics", "/", "/config", f"/api/v1/pools/{ATL}", "/-/reload", "/-/healthy/"):
                self.assertEqual(lab.request(health, "GET", path).status, 404, path)
            self.assertNotEqual(self.curl(agent, "/-/healthy")[0], 0, "the other door goes on asking for a certificate")
            for address, code in ((health, 0), (agent.address, 1)):
                asked = subprocess.run([lab.AGENT, "health", address], capture_output=True, timeout=lab.WAIT, check=False)
                self.assertEqual(asked.returncode, code, (address, asked.stderr))

    def test_the_metrics_lie_where_the_flag_says(self):
        with self.agent("--web.telemetry-path=/sfb/metrics") as agent:
            self.assertEqual(agent.request("/metrics").status, 404)
            page = agent.request("/sfb/metrics")
            self.assertEqual(page.status, 200)
            self.wait(lambda: 'http_requests_total{code="200",path="/sfb/metrics"}' in agent.request("/sfb/metrics").text, "the counter")
            self.assertIn('<a href="/sfb/metrics">', agent.request("/").text)
        for wrong in ("metrics", "/", "/config", "/-/healthy", "/a?b"):
            run = self.agent_alone(f"--web.telemetry-path={wrong}")
            self.assertEqual(run.returncode, 2, wrong)

    def test_several_addresses_and_a_unix_socket(self):
        path = self.folder / "web.sock"
        with self.agent(f"--web.config.file={self.file}", addresses=("127.0.0.1:0", "127.0.0.2:0", f"unix:{path}")) as agent:
            def listening():
                return re.findall(r"msg=listening address=(\S+)", agent.log())
            self.wait(lambda: len(listening()) == 3, "all three addresses")
            addresses = listening()
            run = subprocess.run(["curl", "-sSk", f"https://{addresses[1]}/-/healthy"], capture_output=True, text=True, check=False)
            self.assertEqual(run.stdout, "healthy\n", run.stderr)
            run = subprocess.run(["curl", "-sS", "--unix-socket", str(path), "http://localhost/-/healthy"], capture_output=True, text=True,
                                 check=False)
            self.assertEqual(run.stdout, "healthy\n", "a unix socket stays plain")

    def activated(self, *addresses):
        """The agent that systemd starts at the first connection to one of these, and its log."""
        log = self.folder / "agent.log"
        listens = [word for address in addresses for word in ("-l", str(address))]
        with open(log, "wb") as out:
            process = subprocess.Popen(["systemd-socket-activate", *listens, str(lab.AGENT),
                                        f"--config.file={self.folder}/agent.yml", "--web.systemd-socket"], stderr=out, stdin=subprocess.DEVNULL)
        self.addCleanup(lab.stop, process)
        self.wait(lambda: "Listening on" in log.read_text(), "systemd to listen")
        return process, log

    def test_systemds_sockets(self):
        port, path = lab.free_port(), self.folder / "systemd.sock"
        _, log = self.activated(f"127.0.0.1:{port}", path)
        # The first connection starts the agent, and waits for it in the queue.
        self.assertEqual(lab.request(f"127.0.0.1:{port}", "GET", "/-/healthy").status, 200)
        run = subprocess.run(["curl", "-sS", "--unix-socket", str(path), "http://localhost/-/healthy"], capture_output=True, text=True, check=False)
        self.assertEqual(run.stdout, "healthy\n", run.stderr)
        self.assertIn(f"address=127.0.0.1:{port}", log.read_text())
        self.assertIn(f"address=unix:{path}", log.read_text())

    def test_systemds_sockets_are_doubted_as_our_own(self):
        secret = self.folder / "a.token"
        secret.touch(0o600)
        secret.write_text("a-token-of-a-machine\n", encoding="utf-8")
        self.configure(authorization=f"authorization: {{tokens: [{{name: a, token_file: {secret}, groups: [RTCUniversalServerAdmins]}}]}}")
        for address, doubted in (("127.0.0.1", False), ("0.0.0.0", True)):
            port = lab.free_port()
            process, log = self.activated(f"{address}:{port}")
            self.assertEqual(lab.request(f"127.0.0.1:{port}", "GET", "/-/healthy").status, 200)
            process.send_signal(signal.SIGHUP)
            self.wait(lambda: "configuration reloaded" in log.read_text(), "a line behind those of the start")
            doubt = f"authorization.tokens: without TLS whoever reads a token can use it on its way to {address}:{port}"
            self.assertEqual(doubt in log.read_text(), doubted, log.read_text())

    def test_without_systemd_it_says_so(self):
        run = self.agent_alone("--web.systemd-socket")
        self.assertEqual(run.returncode, 1)
        self.assertIn("no socket was handed over", run.stderr)
        run = self.agent_alone("--web.systemd-socket", "--web.listen-address=127.0.0.1:0")
        self.assertEqual(run.returncode, 2)
        self.assertIn("--web.listen-address excludes --web.systemd-socket", run.stderr)


class Scraped(Web):
    def test_prometheus_scrapes_with_a_client_certificate(self):
        self.asking(client_allowed_sans=["prometheus.example.com"])
        rules = self.folder / "none.yml"
        rules.write_text("groups: []\n")
        how = {"scheme": "https", "tls_config": {"ca_file": str(self.certificates / "ca.pem"), "cert_file": str(self.certificates / "client.pem"),
                                                 "key_file": str(self.certificates / "client.key")}}
        with self.served() as agent, Prometheus(self.folder, {"sfb-backup": ([agent.address], how)}, rules) as prometheus:
            self.wait(lambda: prometheus.value('up{job="sfb-backup"}') == 1, "Prometheus to scrape over https")
            self.wait(lambda: prometheus.value(SUCCESSFUL) == 1, "the series")
            self.wait(lambda: prometheus.value(f'sfb_backup_up{{pool="{ATL}"}}') == 1, "the pool's series")


if __name__ == "__main__":
    unittest.main(verbosity=2)
