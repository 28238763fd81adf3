"""Transport ssh when servers misbehave: every fault at every step has its reason in the metric, its code and stage in the history with the
last words of stderr, touches no other pool, and the next process heals it."""

import itertools
import re
import unittest

import lab
from ssh_lab import SshTest

OPEN, QUERY = "open", "query"
# What comes out: reason, code. None: nobody notices, because the same run goes on or has its answer.
SILENT, ENDED = ("timeout", "ssh.timeout"), ("process", "ssh.exited")
NO_PACKET, BAD_PACKET, BAD_ACK = ("protocol", "psrp.not_a_packet"), ("protocol", "psrp.packet"), ("protocol", "psrp.ack")
TOO_LARGE = ("parse", "psrp.too_large")

# Each act with the arguments that it needs here.
ACTS = {
    "hang": {}, "delay": {"time": "300ms"}, "delay-long": {"time": "1h"}, "slow_drip": {"bytes": 200, "pause": "1ms"},
    "slow_drip-long": {"bytes": 1, "pause": "1s"}, "malformed_xml": {}, "bad_base64": {}, "exit": {"code": 3}, "exit-255": {"code": 255},
    "exit-behind": {"code": 0, "before": False}, "kill": {}, "kill-behind": {"before": False}, "stall": {}, "linger": {}, "linger-deaf": {"term": False},
    "stderr": {"text": "A word of warning."}, "garbage": {"text": "Welcome to Windows."}, "error_line": {"text": "A word of warning."},
    "huge_line": {}, "cut_line": {}, "split": {}, "joined": {}, "wrong_ack": {}, "ack_twice": {}, "ack_first": {}, "no_ack": {}, "deaf": {}}

# Those that are noticed, by step. At Start there is nothing yet that could be spoiled; at Command, Signal and Close there is only an ack.
SPOILED = {"hang": SILENT, "delay-long": SILENT, "stall": SILENT, "exit": ENDED, "exit-255": ENDED, "kill": ENDED, "garbage": NO_PACKET, "huge_line": TOO_LARGE}
ANSWER = {**SPOILED, "malformed_xml": BAD_PACKET, "cut_line": ENDED, "wrong_ack": BAD_ACK, "ack_twice": BAD_ACK, "deaf": SILENT, "slow_drip-long": SILENT}
STEPS = {
    "Start": (OPEN, SPOILED),
    # The pool was open before it ended: that counts as the stage of the command.
    "Open": (OPEN, {**ANSWER, "bad_base64": BAD_PACKET, "split": BAD_PACKET, "no_ack": SILENT, "exit-behind": ENDED, "kill-behind": ENDED}),
    "Command": (QUERY, {**ANSWER, "no_ack": SILENT, "exit-behind": ENDED, "kill-behind": ENDED}),
    # With its answer there, a process may miss the ack or die.
    "Data": (QUERY, {**ANSWER, "bad_base64": BAD_PACKET, "split": BAD_PACKET}),
    # The answer was there before.
    "Signal": (QUERY, {}), "Close": (QUERY, {}), "ClosePool": (QUERY, {})}
PIPELINE = {"fragments_cut": ({"at": 7}, None), "fragment_gap": ({}, ("protocol", "psrp.fragment_gap")), "deep_xml": ({}, ("parse", "clixml.too_deep")),
            "unknown_message": ({}, None), "host_call": ({}, ("cmdlet", "cmdlet.failed")), "huge_output": ({"bytes": 4200000}, ("parse", "psrp.too_large")),
            "bad_state": ({}, ("protocol", "psrp.state")), "unfinished": ({}, ("protocol", "psrp.unfinished")), "id_gap": ({}, None),
            "other_pid": ({}, ("protocol", "ssh.extras_disagree")), "lost_object": ({}, ("protocol", "ssh.extras_disagree")),
            "no_extras": ({}, ("protocol", "ssh.extras_missing"))}
HEALTHY = ("healthy-1", "healthy-2")


def fqdn(name):
    return f"{name.replace('_', '-').lower()}.example.com"


def slow(name):
    return f"slow-{fqdn(name)}"


class Faults(SshTest):
    """A server, an endpoint and a pool for each act of one step, all at once; some have no fault. Only the first process of each is ill."""

    def faults(self, rows, step, child=1, nth=1):
        """What was last said on stderr is in the peer's text, whatever goes wrong later."""
        said = [{"listener": name, "child": child, "action": "Start", "do": "stderr", "text": f"The words of {name}."} for name in rows
                if step not in ("Start", None)]
        return said + [{"listener": name, "child": child, "nth": nth, **({"action": step} if step else {}), "do": name.split("-")[0], **arguments}
                       for name, arguments in rows.items()]

    def configure(self, rows, faults, slow_pools=False, **keys):
        names = [*rows, *HEALTHY]
        pools = {fqdn(name): name for name in names}
        timeouts = {slow(name): name for name in rows} if slow_pools else {}
        self.write_scenario({"listeners": [{"name": name} for name in names], "faults": faults,
                             "pools": {**{pool: {} for pool in pools}, **{pool: {"slow": "1h"} for pool in timeouts}}})
        self.configure_ssh({name: keys if name in rows else {} for name in names}, {**pools, **timeouts},
                           settings={"evaluation_interval": "4s", "evaluation_timeout": "3s"})

    def watch(self, rows, step, expected, seconds=90):
        """Runs the agent until all is done and healed; `expected`: name -> reason and code."""
        with self.agent() as agent:
            self.wait(agent.ready, "ready", seconds)
            others = lab.Others(agent, [fqdn(name) for name in HEALTHY], 4)
            # ClosePool and Signal come behind the answers.
            done = lambda: {entry["listener"] for entry in self.faults_done(step)}
            self.wait(lambda: done() >= set(rows), lambda: f"faults of {sorted(set(rows) - done())}", seconds)
            missing = lambda: {name for name in expected if not self.entries_of(agent, name)}
            self.wait(lambda: not missing(), lambda: f"failures of {missing()}", seconds)
            ill = lambda: [pool for pool in self.ill(agent) if not pool.startswith("slow-")]
            self.wait(lambda: not ill(), lambda: f"{ill()} to heal", seconds)
            self.assertEqual(others.held_up(), [])
            found = {name: self.entries_of(agent, name) for name in rows}
            counted = self.failures(agent)
            words = {pool: self.entries(agent, pool) for pool, _ in counted if pool.startswith("slow-")}
        self.wait_no_leftovers()
        self.assertEqual(self.violations(), [])
        return found, counted, words

    def faults_done(self, step):
        listeners = {entry["pid"]: entry["listener"] for entry in self.journal("start")}
        return [{**entry, "listener": listeners[entry["pid"]]} for entry in self.journal("fault") if entry["action"] == (step or "Command")]

    def entries_of(self, agent, name):
        return [entry for entry in self.entries(agent, fqdn(name)) if entry.get("code")]

    def check(self, rows, step, stage, expected, found):
        for name in rows:
            with self.subTest(act=name, step=step):
                reason = expected.get(name)
                where = "parse" if reason and reason[0] == "parse" and name != "huge_line" else QUERY if "behind" in name else stage
                seen = [(entry["reason"], entry["code"], entry["stage"]) for entry in found[name]]
                self.assertEqual(seen, [(*reason, where)] if reason else [])
                if reason and step not in ("Start", None) and reason[0] != "cmdlet":
                    self.assertIn(f"The words of {name}.", str(found[name]))
                if reason == ENDED and "behind" not in name:
                    how = {"kill": "killed by SIGKILL", "exit": "exit status 3", "exit-255": "exit status 255", "cut_line": "exit status 200"}[name]
                    self.assertIn(how, str(found[name]))

    def test_at_start(self):
        self.all_at("Start")

    def test_at_open(self):
        self.all_at("Open")

    def test_at_command(self):
        self.all_at("Command")

    def test_at_data(self):
        self.all_at("Data")

    def test_at_close(self):
        self.all_at("Close")

    def all_at(self, step):
        stage, noticed = STEPS[step]
        self.configure(ACTS, self.faults(ACTS, step))
        found, counted, _ = self.watch(ACTS, step, noticed)
        failed = {pool for pool, _ in counted}
        # The second ack may be read alone: then the next step has begun, behind the Close that of the next run.
        if step == "Open":
            found["ack_twice"] = [{**entry, "stage": OPEN} for entry in found["ack_twice"]]
        elif step == "Close":
            self.assertLessEqual({entry["code"] for entry in found["ack_twice"]}, {"psrp.ack"})
            found["ack_twice"], failed = [], failed - {fqdn("ack_twice")}
        self.check(ACTS, step, stage, noticed, found)
        self.assertEqual(failed, {fqdn(name) for name in noticed})

    def test_at_a_command_of_a_process_that_served_before(self):
        """What ends it, or what it says wrongly, before it took the command costs nothing: it is replaced. Silence is told."""
        spoken = ("garbage", "malformed_xml", "huge_line", "wrong_ack", "ack_twice")
        noticed = {name: reason for name, reason in STEPS["Command"][1].items() if reason != ENDED and name not in spoken}
        self.configure(ACTS, self.faults(ACTS, "Command", nth=2))
        found, _, _ = self.watch(ACTS, "Command", noticed)
        for name in ("exit-behind", "kill-behind", "ack_twice"):
            found[name] = []  # whether its ack or what came behind that was seen first decides
        self.check(ACTS, "Command", QUERY, noticed, found)

    def test_in_what_a_pipeline_sends(self):
        rows = {name: arguments for name, (arguments, _) in PIPELINE.items()}
        expected = {name: reason for name, (_, reason) in PIPELINE.items() if reason}
        self.configure(rows, self.faults(rows, None))
        found, _, _ = self.watch(rows, None, expected)
        self.check(rows, None, QUERY, expected, found)

    def test_at_signal(self):
        """The run was over before: its time was."""
        self.configure(ACTS, self.faults(ACTS, "Signal"), slow_pools=True)
        found, counted, words = self.watch(ACTS, "Signal", {})
        self.check(ACTS, "Signal", QUERY, {}, found)
        self.assertEqual(set(counted), {(slow(name), "timeout") for name in ACTS})
        for name in ACTS:
            with self.subTest(act=name):
                self.assertEqual({entry["code"] for entry in words[slow(name)]}, {"ssh.timeout"})
                self.assertIn(f"The words of {name}.", str(words[slow(name)]))

    def test_at_the_close_of_the_session(self):
        """The run's answer stands, and whatever does not go is ended."""
        self.configure(ACTS, self.faults(ACTS, "ClosePool"), session={"reuse": False})
        found, counted, _ = self.watch(ACTS, "ClosePool", {})
        self.check(ACTS, "ClosePool", QUERY, {}, found)
        self.assertEqual(counted, {})

    def test_no_act_of_the_simulator_is_left_out(self):
        text = (lab.ROOT / "tests/simulator/README.md").read_text(encoding="utf-8")
        over_http, out_of_process = text.split("| `do` | arguments", 1)[1].split("\n## Out of process")[0].split("### Out of process")
        acts = {act for row in re.findall(r"(?m)^\| (`.*?) \|", out_of_process) for act in re.findall(r"`(\w+)`", row)} - {"do"}
        shared = set(re.findall(r"`(\w+)`", re.search(r"Of the\s+acts above there are (.*?), and those of a pipeline", out_of_process, re.S)[1]))
        last = re.findall(r"(?m)^\| (`.*?) \|", over_http)[-4:]
        pipeline = {act for row in last for act in re.findall(r"`(\w+)`", row)}
        self.assertEqual((len(acts) > 12, len(shared) > 4), (True, True))
        self.assertEqual({name.split("-")[0] for name in ACTS}, acts | shared)
        self.assertEqual(set(PIPELINE), pipeline)
        steps = re.search(r"an `action` is (.*?)\. Each", out_of_process, re.S)[1]
        self.assertEqual(set(STEPS), set(re.findall(r"[A-Z]\w+", re.sub(r"\(.*?\)", "", steps, flags=re.S))))


class Runbook(unittest.TestCase):
    CODES = ("ssh.timeout", "ssh.exited", "ssh.dns", "ssh.connect", "ssh.host_key", "ssh.denied", "ssh.identity", "ssh.subsystem", "ssh.negotiate",
             "ssh.in_flight", "ssh.scripts_refused", "process.start", "process.stdin_full", "psrp.not_a_packet", "psrp.packet", "psrp.ack", "psrp.too_large", "psrp.unfinished",
             "ssh.extras_missing", "ssh.extras_disagree")

    def test_it_has_every_code_and_reason(self):
        text = (lab.ROOT / "deploy/runbooks/codes.md").read_text(encoding="utf-8")
        listed = text.split("\n## ssh\n", 1)[1].split("\n## ", 1)[0]
        self.assertEqual({code for code in self.CODES if f"`{code}`" not in listed}, set())
        noticed = itertools.chain(*(step[1].values() for step in STEPS.values()), (reason for _, reason in PIPELINE.values() if reason))
        reasons = {reason for reason, _ in noticed} | {"dns", "connect", "tls", "auth", "throttled"}
        self.assertEqual({reason for reason in reasons if not re.search(rf"(?m)^- [^:]*`{reason}`[^:]*:", listed)}, set())

    def test_no_code_of_the_transport_is_left_out(self):
        sources = [*(lab.ROOT / "agent/remote/process").glob("*.cpp"), lab.ROOT / "agent/os/child_process.cpp", lab.ROOT / "agent/os/spawn.cpp"]
        found = {code for path in sources for code in re.findall(r'"((?:ssh|process)\.[a-z_]+)"', path.read_text(encoding="utf-8"))}
        inner = {"process.cancelled", "process.silent", "process.stdin", "process.stdout", "ssh.cancelled", "ssh.no_result"}
        self.assertEqual(found - inner - set(self.CODES), set())


if __name__ == "__main__":
    unittest.main(verbosity=2)
