"""The simulator as its users meet it: what it says to a wrong scenario, at its control door, and to a client that breaks the rules."""

import base64
import re
import subprocess
import urllib.parse

import yaml

import lab
from lab import LabTest

LISTENER = {"name": "l1", "listen": "127.0.0.1:0", "users": {"svc-sfbmon": "hunter2"}}
SCENARIO = {"listeners": [LISTENER], "pools": {"a.example.com": {}}}
BASIC = {"Authorization": "Basic " + base64.b64encode(b"svc-sfbmon:hunter2").decode()}


def ask(address, *arguments):
    return lab.request(urllib.parse.urlsplit(address).netloc, *arguments)


class Wrong(LabTest):
    def start(self, text, *more):
        path = self.folder / "wrong.yml"
        path.write_text(text, encoding="utf-8")
        return subprocess.run([lab.SIMULATOR, str(path), *more], capture_output=True, text=True, timeout=lab.WAIT, check=False)

    def test_a_wrong_scenario_ends_at_once_and_says_where(self):
        name = f"{self.folder}/wrong.yml"
        for text, said in {
            "listeners: [\n": "wrong.yml:2:",
            "[]": f"{name}:1:1:",
            "listeners: []": "there is none",
            "listeners:\n  - {name: a, listen: '127.0.0.1:0', colour: red}": "wrong.yml:2:",
            "listeners:\n  - {name: a, listen: '127.0.0.1:0', tls: {certificate: none.pem, key: none.key}}": "none.pem",
            "listeners:\n  - {name: a, listen: '127.0.0.1:0'}\nfaults:\n  - {do: dance}": "wrong.yml:4:",
            "listeners:\n  - {name: a, listen: '127.0.0.1:0'}\npools:\n  a: {slow: soon}": "wrong.yml:4:",
        }.items():
            ended = self.start(text)
            self.assertEqual((ended.returncode, ended.stdout), (1, ""), text)
            self.assertIn(said, ended.stderr, text)
        self.assertEqual(self.start("{}", "more").returncode, 2)
        missing = subprocess.run([lab.SIMULATOR, "/nowhere.yml"], capture_output=True, text=True, timeout=lab.WAIT, check=False)
        self.assertEqual((missing.returncode, missing.stderr), (1, "sfb_backup_simulator: /nowhere.yml cannot be read\n"))

    def test_a_port_that_is_taken_is_named(self):
        with lab.Simulator(self.folder, SCENARIO) as simulator:
            taken = simulator.addresses["l1"].removeprefix("http://")
            ended = self.start(f"listeners:\n  - {{name: b, listen: '{taken}'}}")
            self.assertEqual(ended.returncode, 1)
            self.assertIn(taken, ended.stderr)
            self.assertIn("wrong.yml:2:", ended.stderr)


class Example(LabTest):
    def test_the_agent_that_it_describes_asks_it(self):
        text = (lab.ROOT / "tests/simulator/example.yml").read_text(encoding="utf-8")
        config = "".join(line[4:] for line in text.split("mode 0600):\n#\n", 1)[1].split("\n\n")[0].splitlines(keepends=True))
        scenario = yaml.safe_load(text)
        for listener in scenario["listeners"]:
            listener["listen"] = "127.0.0.1:0"
        with lab.Simulator(self.folder, {**scenario, "control": "127.0.0.1:0", "faults": []}) as simulator:
            self.assertEqual(set(re.findall(r"'(https?://[^']+)'", config)), {"https://127.0.0.1:5986/wsman", "http://127.0.0.1:5985/wsman"})
            config = config.replace("https://127.0.0.1:5986", simulator.addresses["atlanta"]).replace("http://127.0.0.1:5985", simulator.addresses["restricted"])
            (self.folder / "agent.yml").write_text(config, encoding="utf-8")
            password = self.folder / "monitoring.password"
            password.write_text("quick-start\n", encoding="utf-8")
            password.chmod(0o600)
            for pool in scenario["pools"]:
                shown = subprocess.run([lab.AGENT, "evaluate", f"--config.file={self.folder}/agent.yml", pool], capture_output=True, text=True,
                                       timeout=lab.WAIT, check=False)
                self.assertEqual(shown.returncode, 0, shown.stderr)


class Door(LabTest):
    def test_what_the_control_door_refuses(self):
        with lab.Simulator(self.folder, SCENARIO) as simulator:
            door = simulator.addresses["control"]
            before = simulator.status()
            for method, path, body, status, said in (
                ("GET", "/", None, 404, "GET /status"),
                ("POST", "/status", "", 404, "GET /status"),
                ("POST", "/faults", "[{do: dance}]", 400, "dance"),
                ("POST", "/faults", "[{do: hang, pool: other.example.com}]", 400, "other.example.com"),
                ("POST", "/faults", "[{do: delay}]", 400, "time"),
                ("POST", "/faults", "[", 400, ":1:"),
                ("POST", "/pools/a.example.com", "{colour: red}", 400, "colour"),
                ("POST", "/listeners/l2", "{}", 404, "l2"),
                ("POST", "/listeners/l1", "{tls: {certificate: none.pem, key: none.key}}", 400, "none.pem"),
            ):
                answer = ask(door, method, path, body)
                self.assertEqual(answer.status, status, (method, path, body, answer.text))
                self.assertIn(said, answer.json()["error"])
            self.assertEqual(simulator.status(), before)
            simulator.set_faults([{"do": "fault", "code": 5, "times": 1}])
            simulator.reset_counters()


class Rules(LabTest):
    """A client that breaks a rule is told so as http.sys and WinRM tell it, and the log has it."""

    def test_each_is_answered_and_noted(self):
        soap = {"Content-Type": "application/soap+xml;charset=UTF-8", **BASIC}
        simulator = lab.Simulator(self.folder, SCENARIO)
        with self.assertRaisesRegex(AssertionError, "violation: "), simulator:
            address = simulator.addresses["l1"]
            unknown = ask(address, "POST", "/wsman", "<x/>", {"Content-Type": soap["Content-Type"]})
            self.assertEqual(unknown.status, 401)
            self.assertIn("Basic", unknown.headers["WWW-Authenticate"])
            self.assertEqual(ask(address, "POST", "/elsewhere", "<x/>", soap).status, 404)
            self.assertEqual(simulator.status()["violations"], 0, simulator.log())  # so far a user's mistakes, no client's
            self.assertGreaterEqual(ask(address, "POST", "/wsman", "<x", soap).status, 400)
            self.assertGreaterEqual(ask(address, "POST", "/wsman", "<x/>", {**soap, "Content-Type": "text/plain"}).status, 400)
            status = simulator.status()
            self.assertGreaterEqual(status["violations"], 2)
            self.assertEqual((status["shells"], status["logons_failed"]), (0, 0))
            self.assertIn("Content-Type is \"text/plain\"", simulator.log())
