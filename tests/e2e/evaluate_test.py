"""`evaluate` over transport winrm: every stage is shown, on failure too; nothing stays on the server; no secret is shown anywhere."""

import base64
import json
import re
import signal
import subprocess
import time
import unittest

import lab
import pki
from lab import LabTest

ATL, CHI = "atl.example.com", "chi.example.com"
USERS = {"svc-sfbmon": "hunter2"}
SECURE = {"certificate": "pki/server.pem", "key": "pki/server.key"}


class Evaluate(LabTest):
    def setUp(self):
        super().setUp()
        self.config = f"--config.file={self.folder}/agent.yml"

    def evaluate(self, pool, *arguments, text=True):
        return subprocess.run([lab.AGENT, "evaluate", self.config, pool, *arguments], capture_output=True, text=text,
                              timeout=lab.WAIT, check=False)

    def test_stages_and_facts(self):
        scenario = {"certificate": {"make": "pki", "names": ["fe.example.com"]},
                    "listeners": [{"name": "atlanta", "tls": SECURE, "users": USERS}], "pools": {ATL: {"warning": "Half of it."}}}
        with self.simulator(scenario) as simulator:
            url = simulator.url("atlanta")
            self.configure_winrm({"atlanta": {"url": url, "tls": {"ca_file": "pki/ca.pem", "server_name": "fe.example.com"}}}, {ATL: "atlanta"})
            shown = self.evaluate(ATL)
            self.assertEqual(shown.returncode, 0, shown.stderr)
            self.assertIn("BackupModules", shown.stdout)
            at = -1
            # In this order: who is asked, then each stage with the facts that it found.
            for line in (r"pool +atl\.example\.com", r"endpoint +atlanta \(winrm\)", rf"url +{url}", r"account +svc-sfbmon \(basic\)",
                         r"resolve +\d+\.\d ms", r"connect +\d+\.\d ms", r"  address +127\.0\.0\.1:\d+", r"tls +\d+\.\d ms",
                         r"  tls +TLSv1\.3, TLS_\w+", r"  certificate +CN=sfb_backup_simulator; issued by CN=sfb_backup_simulator CA;.*",
                         r"open +\d+\.\d ms", r"  protocol +server 2\.3, used 2\.3", r"  PowerShell +5\.1\.17763\.1", r"query +\d+\.\d ms",
                         r"  language +FullLanguage", r"parse +\d+\.\d ms", r"total +\d+\.\d ms", r"working:    yes"):
                found = re.search(rf"(?m)^{line}$", shown.stderr)
                self.assertIsNotNone(found, f"{line}\n{shown.stderr}")
                self.assertGreater(found.start(), at, f"{line} stands too early\n{shown.stderr}")
                at = found.start()
            self.assertRegex(" ".join(shown.stderr.split()), r"for localhost, .*fe\.example\.com.* expires in (29|30) days; sha256 [0-9a-f]{64}")
            self.assertNotRegex(shown.stderr, r"(?m)^auth ")  # no leg was needed
            parts = [float(time) for time in re.findall(r"(?m)^\w+ +(\d+\.\d) ms$", shown.stderr)]
            self.assertLessEqual(sum(parts[:-1]), parts[-1] + 1)
            document = json.loads(self.evaluate(ATL, "--as", "json").stdout)
            self.assertEqual(document["OverallExportStatus"], "FinalState")
            self.wait_quiet(simulator)
            self.assertEqual(simulator.status()["requests_by_action"]["Delete"], 2)

    # Listener's keys, what the simulator is told to do, reason and code, stage, further text.
    FAILURES = {
        "refused": ({"users": {"svc-sfbmon": "other"}, "authenticate": ["Negotiate", "Basic realm=\"it\""]}, None, "auth (auth.refused)", "auth",
                    ["offers       Negotiate, Basic\n", "address"]),
        "not-offered": ({"users": {"svc-sfbmon": "other"}, "authenticate": ["Negotiate", "Kerberos"]}, None, "auth (auth.not_offered)", "auth",
                        ["offers       Negotiate, Kerberos"]),
        "denied": ({}, {"action": "Create", "do": "fault", "code": 5, "detail": "provider", "text": "Not a member of any\trole.\u202e"},
                   "forbidden (wsman.access_denied)", "open", ["Not a member of any", "remedy:"]),
        "quota": ({"server": {"max_shells": 0}}, None, "throttled (wsman.quota_shells)", "open",
                  ["remedy:", "waits:  for this quota of the server; the agent leaves the endpoint alone for 1, 2, 5, 10 minutes"]),
        "broken": ({"server": {"broken": "The module cannot be loaded."}}, None, "", "open", ["The module cannot be loaded."]),
        "no-scripts": ({"server": {"language": "none"}}, None, "cmdlet (winrm.scripts_refused)", "query", ["remedy:", "protocol     server 2.3"]),
        "fatal": ({}, None, "cmdlet (", "query", ["You have no access."]),
        "unknown": ({}, None, "cmdlet (cmdlet.error)", "query", ["Cannot find pool"]),
        "slow": ({}, None, "timeout (winrm.timeout)", "query", ["PowerShell   5.1"]),
        "hangs": ({}, {"action": "Create", "do": "hang"}, "timeout (winrm.timeout)", "open", ["remedy:"]),
        "no-page": ({"path": "/elsewhere"}, None, "not_found (http.not_found)", "open", ["remedy:"]),
    }

    def test_failures_show_where_and_what_to_do(self):
        names = list(self.FAILURES)
        pools = {f"{name}.example.com": {} for name in names if name != "unknown"}
        pools["fatal.example.com"] = {"fatal": "You have no access."}
        pools["slow.example.com"] = {"slow": "30s"}
        scenario = {"listeners": [{"name": name, "users": USERS, **listener} for name, (listener, *_) in self.FAILURES.items()], "pools": pools,
                    "faults": [{"listener": name, **fault} for name, (_, fault, *_) in self.FAILURES.items() if fault]}
        with self.simulator(scenario) as simulator:
            languages = {"no-scripts": {"language": "full"}}
            self.configure_winrm({**{name: {"url": simulator.url(name), **languages.get(name, {})} for name in names},
                                  "nobody": {"url": f"http://127.0.0.1:{lab.free_port()}"}},
                                 {f"{name}.example.com": name for name in [*names, "nobody"]})
            table = {**{name: row[2:] for name, row in self.FAILURES.items()}, "nobody": ("connect (connect.refused)", "connect", ["resolve "])}
            for name, (reason, stage, texts) in table.items():
                with self.subTest(name=name):
                    shown = self.evaluate(f"{name}.example.com")
                    self.assertEqual((shown.returncode, "Traceback" in shown.stderr), (1, False), shown.stderr)
                    self.assertIn(f"reason: {reason}", shown.stderr)
                    self.assertRegex(shown.stderr, rf"(?m)^stage: +{stage}$")
                    self.assertRegex(shown.stderr, rf"(?m)^{stage} +\d+\.\d ms$")
                    self.assertNotRegex(shown.stdout + shown.stderr, "[\t\u202e]")
                    for text in texts:
                        self.assertIn(text, shown.stderr)
            self.wait_quiet(simulator)
            self.assertEqual(simulator.status()["logons_failed"], 2, "one try each")

    # Certificate, code, a part of its remedy.
    CERTIFICATES = {"other-name": ("tls.wrong_name", "tls.server_name"), "expired": ("tls.expired", "renew the certificate"),
                    "future": ("tls.not_yet_valid", "check the clocks"), "unknown": ("tls.unknown_issuer", "tls.ca_file")}

    def test_a_refused_certificate_is_shown(self):
        pki.make_certificates(self.folder / "pki")
        scenario = {"listeners": [{"name": name, "users": USERS, "tls": {"certificate": f"pki/{name}.pem", "key": f"pki/{name}.key"}}
                                  for name in self.CERTIFICATES]}
        with self.simulator(scenario) as simulator:
            self.configure_winrm({name: {"url": simulator.url(name), "tls": {"ca_file": "pki/ca.pem"}} for name in self.CERTIFICATES},
                                 {f"{name}.example.com": name for name in self.CERTIFICATES})
            for name, (code, remedy) in self.CERTIFICATES.items():
                with self.subTest(name=name):
                    shown = self.evaluate(f"{name}.example.com")
                    self.assertEqual(shown.returncode, 1)
                    self.assertIn(f"reason: tls ({code})", shown.stderr)
                    self.assertRegex(shown.stderr, rf"(?m)^remedy: .*{re.escape(remedy)}")
                    # The certificate that was refused, with issuer, names and days.
                    text = " ".join(shown.stderr.split())
                    self.assertRegex(text, rf"certificate CN={name}; issued by CN=lab \w+; for [\w., ]+; valid \S+ to \S+, expire[sd] \S.*; sha256 [0-9a-f]{{64}}")
                    if name == "expired":
                        self.assertRegex(text, r"expired \d+ days? ago|expired within a day")
            self.wait_quiet(simulator)
            self.assertEqual(simulator.status()["logons_ok"] + simulator.status()["logons_failed"], 0, "no password was sent")

    def test_a_chain_is_shown_whole(self):
        pki.make_certificates(self.folder / "pki")
        scenario = {"listeners": [{"name": "atlanta", "users": USERS, "tls": {"certificate": "pki/chain.pem", "key": "pki/chain.key"}}], "pools": {ATL: {}}}
        with self.simulator(scenario) as simulator:
            self.configure_winrm({"atlanta": {"url": simulator.url("atlanta"), "tls": {"ca_file": "pki/ca.pem"}}}, {ATL: "atlanta"})
            shown = self.evaluate(ATL)
            self.assertEqual(shown.returncode, 0, shown.stderr)
            text = " ".join(shown.stderr.split())
            dates = r"valid \S+ to \S+, expires within a day; sha256 [0-9a-f]{64}"
            self.assertRegex(text, rf"certificate CN=chain; issued by CN=lab issuing; for 127\.0\.0\.1; {dates} "
                                   rf"certificate CN=lab issuing; issued by CN=lab ca; {dates}")
            self.assertIn("\n1 object, 0 errors, 0 warnings, PowerShell 5.1.17763.1\n", shown.stderr)
            self.wait_quiet(simulator)

    def test_what_is_too_large_to_show_is_judged_all_the_same(self):
        self.configure()
        modules = [{"Identity": "CentralMgmt.CMSMaster", "ExportStatus": "FinalState", "ImportStatus": "NormalState"}]
        name = "Z" * (3 << 20)  # the table's head, its line and the gaps
        (self.folder / "exports" / f"{ATL}.clixml").write_text(json.dumps({"BackupModules": modules, name: "x"}))
        shown = self.evaluate(ATL)
        self.assertEqual(shown.returncode, 0, shown.stderr[-2000:])
        self.assertEqual(shown.stdout, "")
        self.assertIn("not shown: ", shown.stderr)
        self.assertRegex(shown.stderr, r"(?m)^working:    ")

    def test_debug_shows_the_conversation(self):
        with self.simulator({"listeners": [{"name": "atlanta", "users": USERS}], "pools": {ATL: {}}}) as simulator:
            self.configure_winrm({"atlanta": {"url": simulator.url("atlanta")}}, {ATL: "atlanta"})
            plain, shown = self.evaluate(ATL), self.evaluate(ATL, "--debug")
            self.assertEqual((plain.returncode, shown.returncode), (0, 0))
            self.assertEqual(plain.stdout, shown.stdout)
            self.assertNotIn("Envelope", plain.stderr)
            for line in (r"> POST /wsman HTTP/1\.1", r"> Authorization: Basic \*\*\*", r"< HTTP 200", r"> <s:Envelope .*Create</a:Action>.*",
                         r"< <s:Envelope .*ResourceCreated.*", r"> SESSION_CAPABILITY rpid=.*", r"> INIT_RUNSPACEPOOL .*", r"> CREATE_PIPELINE .*",
                         r"< RUNSPACEPOOL_STATE .*", r"< PIPELINE_OUTPUT .*", r"< PIPELINE_STATE .*", r"> <s:Envelope .*/Delete</a:Action>.*"):
                self.assertRegex(shown.stderr, rf"(?m)^\d\d:\d\d:\d\d\.\d\d\d {line}$")
            # Shown when it is sent: the head, then the envelope, then what is inside; nothing before a connection.
            places = [shown.stderr.index(part) for part in ("connect ", "> POST", "> <s:Envelope", "> SESSION_CAPABILITY", "< HTTP 200")]
            self.assertEqual(places, sorted(places))
            self.wait_quiet(simulator)
            nobody = f"http://127.0.0.1:{lab.free_port()}"
            self.configure_winrm({"atlanta": {"url": nobody}}, {ATL: "atlanta"})
            refused = self.evaluate(ATL, "--debug")
            self.assertIn("connect.refused", refused.stderr)
            self.assertNotRegex(refused.stderr, r"Envelope|SESSION_CAPABILITY|POST", "nothing was sent")

    def test_interrupted(self):
        with self.simulator({"listeners": [{"name": "atlanta", "users": USERS}], "pools": {ATL: {"slow": "30s"}}}) as simulator:
            self.configure_winrm({"atlanta": {"url": simulator.url("atlanta")}}, {ATL: "atlanta"}, settings={"evaluation_timeout": "60s",
                                                                                                             "evaluation_interval": "60s"})
            for number in (signal.SIGINT, signal.SIGTERM):
                process = subprocess.Popen([lab.AGENT, "evaluate", self.config, ATL], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                self.wait(lambda: simulator.status()["commands"] == 1, "the command")
                start = time.monotonic()
                process.send_signal(number)
                out, errors = process.communicate(timeout=lab.WAIT)
                self.assertEqual((process.returncode, out), (1, b""))
                self.assertIn(b"interrupted", errors)
                self.assertLess(time.monotonic() - start, 8)
                self.wait_quiet(simulator)


class Canary(LabTest):
    """What must not be seen is looked for wherever anything is shown."""

    PASSWORD = "Canary-Wren-7\u00e4&<'\""
    SECRET = base64.b64encode("Canary-Finch".encode("utf-16-le")).decode()

    def forms(self):
        """The password, alone and with its user, in every coding that somebody could print."""
        found = {self.SECRET, self.SECRET.rstrip("="), "Canary", base64.b64encode(b"Canary-Finch").decode()}
        for text in (self.PASSWORD, f"svc-sfbmon:{self.PASSWORD}"):
            for encoding in ("utf-8", "latin-1", "utf-16-le"):
                raw = text.encode(encoding)
                found |= {base64.b64encode(raw).decode().rstrip("="), raw.hex(), raw.hex().upper()}
        return found

    def assert_clean(self, where, *contents):
        for content in contents:
            content = content if isinstance(content, str) else content.decode("utf-8", "replace")
            for form in self.forms():
                self.assertNotIn(form, content, where)

    # Peers that repeat what they were sent, as diagnostic pages do.
    ECHOES = {"echo-page": {}, "echo-error": {"code": 503}, "echo-fault": {"as": "soap", "code": 500}, "echo-soap": {"as": "soap"},
              "echo-head": {"as": "head"}}

    def test_no_secret_is_shown(self):
        wrong = {"svc-sfbmon": "another"}
        scenario = {"certificate": {"make": "pki"},
                    "listeners": [{"name": "good", "users": {"svc-sfbmon": self.PASSWORD}},
                                  {"name": "secure", "users": {"svc-sfbmon": self.PASSWORD}, "tls": SECURE, "server": {"depth": 2}},
                                  {"name": "wrong", "users": wrong, "authenticate": ["Negotiate", "Basic"]},
                                  {"name": "broken", "users": {"svc-sfbmon": self.PASSWORD}},
                                  *({"name": name, "users": {"svc-sfbmon": self.PASSWORD}} for name in self.ECHOES)],
                    "pools": {f"{name}.example.com": {"secure": self.SECRET} for name in ("good", "secure", "wrong", "broken", *self.ECHOES)},
                    "faults": [{"listener": "broken", "action": "Receive", "every": 2, "do": "malformed_xml"},
                               *({"listener": name, "action": "Create", "do": "echo", **how} for name, how in self.ECHOES.items())]}
        names = [listener["name"] for listener in scenario["listeners"]]
        with self.simulator(scenario) as simulator:
            self.configure_winrm({name: {"url": simulator.url(name), **({"tls": {"ca_file": "pki/ca.pem"}} if name == "secure" else {})}
                                  for name in names}, {f"{name}.example.com": name for name in names}, password=self.PASSWORD)
            config = f"--config.file={self.folder}/agent.yml"
            for arguments in (["--config.check"], *([*more, f"{name}.example.com"] for name in names for more in (
                    ["evaluate"], ["evaluate", "--debug"], ["evaluate", "--debug", "--as", "json"], ["evaluate", "--as", "clixml"]))):
                done = subprocess.run([lab.AGENT, *arguments, config], capture_output=True, timeout=lab.WAIT, check=False)
                self.assert_clean(arguments, done.stdout, done.stderr)
                if arguments[-1] in ("good.example.com", "secure.example.com"):
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertIn(b"Password", done.stdout)  # the property is there, its content is not
            agent_history = {}
            for form in ("logfmt", "json"):
                with self.agent("--log.level=debug", f"--log.format={form}") as agent:
                    self.wait(agent.ready, "ready")
                    self.wait(lambda: agent.by_pool("sfb_backup_up")["good.example.com"] == 1, "a good pool")
                    for target in ("/", "/config", "/metrics", "/-/healthy", "/-/ready"):
                        self.assert_clean(target, agent.request(target).body)
                    for name in names:
                        pool = f"{name}.example.com"
                        agent_history[name] = agent.history(pool)["history"]
                        self.assert_clean("history", json.dumps(agent_history[name], ensure_ascii=False))
                        for shape in ("text", "json", "clixml"):
                            answer = agent.query(pool, **{"as": shape})
                            self.assert_clean((pool, shape), answer.body, str(answer.headers))
                            self.assertEqual(name in ("good", "secure"), "Password" in answer.text)
                    # A reload with another password, which is wrong, is told without it.
                    self.write_secret(self.PASSWORD + "-new")
                    agent.signal(signal.SIGHUP)
                    until = lambda: agent.by_pool("sfb_backup_evaluation_backoff_until_timestamp_seconds").get("good.example.com")
                    self.wait(until, "the new password to be refused")
                    self.write_secret(self.PASSWORD)
                    self.wait(lambda: not until(), "the old password to end the back-off")
                    self.wait(lambda: agent.by_pool("sfb_backup_up")["good.example.com"] == 1, "the old password to be taken again")
                self.assert_clean("the log", agent.log())
                self.assertIn("auth.refused", agent.log())
                for name in self.ECHOES:
                    shown = [entry["message"] for entry in agent_history[name]]
                    self.assertTrue(any("***" in message for message in shown), f"{name} repeats nothing: {shown}")
            status = simulator.status()
            self.assertGreater(min(status["logons_ok"], status["logons_failed"]), 0)
            self.wait_quiet(simulator)


if __name__ == "__main__":
    unittest.main(verbosity=2)
