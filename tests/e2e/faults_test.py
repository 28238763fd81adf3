"""Transport winrm when servers misbehave: every fault has its reason in the metric and its code in the history, touches no other
pool, and the next good answer heals it."""

import collections
import re
import signal
import unittest

import lab
from lab import LabTest

# name: (the simulator's fault or faults, reason and code) - None: nobody notices, because the same run goes on.
WIRE = {
    "hang": ({"action": "Receive", "do": "hang"}, "timeout", "winrm.timeout"),
    "hang-create": ({"action": "Create", "do": "hang"}, "timeout", "winrm.timeout"),
    "hang-signal": ({"action": "Signal", "do": "hang"}, None, None),
    "reset-create": ({"action": "Create", "do": "reset"}, "connect", "winrm.lost"),
    "reset-command": ({"action": "Command", "do": "reset"}, "connect", "winrm.lost"),
    "reset-receive": ({"action": "Receive", "do": "reset"}, None, None),
    "reset-signal": ({"action": "Signal", "do": "reset"}, None, None),
    "reset-behind": ({"action": "Command", "do": "reset", "before": "false"}, "connect", "winrm.lost"),
    "close-create": ({"action": "Create", "do": "close"}, "connect", "winrm.lost"),
    "close-receive": ({"action": "Receive", "do": "close"}, None, None),
    "answer-and-close": ({"action": "Receive", "do": "answer_and_close"}, None, None),
    "drop-create": ({"action": "Create", "do": "drop_reply"}, "connect", "winrm.lost"),
    "drop-command": ({"action": "Command", "do": "drop_reply"}, "connect", "winrm.lost"),
    "delay": ({"action": "Receive", "do": "delay", "time": "300ms"}, None, None),
    "delay-long": ({"action": "Receive", "do": "delay", "time": "5s"}, "timeout", "winrm.timeout"),
    "slow-drip": ({"action": "Receive", "do": "slow_drip", "bytes": 500, "pause": "10ms"}, None, None),
    "slow-drip-long": ({"action": "Receive", "do": "slow_drip", "bytes": 1, "pause": "200ms"}, "timeout", "winrm.timeout"),
    "chunked": ({"action": "Receive", "do": "chunked"}, None, None),
    "cut-chunk": ({"action": "Receive", "do": "cut_chunk"}, "protocol", "http.cut"),
    "cut-body": ({"action": "Receive", "do": "cut_body"}, "protocol", "http.cut"),
    "cut-body-create": ({"action": "Create", "do": "cut_body", "at": 10}, "protocol", "http.cut"),
    "cut-header": ({"action": "Command", "do": "cut_header"}, "protocol", "http.cut"),
    "wrong-length": ({"action": "Command", "do": "wrong_length", "by": 10}, "protocol", "http.cut"),
    "malformed": ({"action": "Receive", "do": "malformed_xml"}, "protocol", "xml.syntax"),
    "malformed-create": ({"action": "Create", "do": "malformed_xml"}, "protocol", "xml.syntax"),
    "not-soap": ({"action": "Command", "do": "not_soap"}, "protocol", "http.status"),
    "bad-base64": ({"action": "Receive", "do": "bad_base64"}, "protocol", "wsman.reply"),
    "wrong-relates": ({"action": "Command", "do": "wrong_relates_to"}, "protocol", "wsman.out_of_step"),
    "no-relates": ({"action": "Create", "do": "no_relates_to"}, "protocol", "wsman.out_of_step"),
    "timed-out": ({"action": "Receive", "do": "timed_out"}, None, None),
    "shell-gone": ({"action": "Receive", "do": "shell_gone"}, "process", "winrm.exited"),
    "shell-gone-command": ({"action": "Command", "do": "shell_gone"}, None, None),
    "shell-gone-twice": ({"action": "Command", "do": "shell_gone", "times": 2}, "not_found", "wsman.shell_gone"),
    "shell-gone-signal": ({"action": "Signal", "do": "shell_gone"}, None, None),
    "aborted": ({"action": "Receive", "do": "fault", "code": 995}, "process", "winrm.exited"),
    "aborted-command": ({"action": "Command", "do": "fault", "code": 995}, None, None),
    "host-ended": ({"action": "Receive", "do": "fault", "code": 1726}, "process", "winrm.exited"),
    "aborted-signal": ({"action": "Signal", "do": "fault", "code": 995}, None, None),
    "commands": ({"action": "Command", "do": "fault", "code": 2150859241, "subcode": "QuotaLimit"}, None, None),
    "delete-fails": ({"action": "Delete", "do": "fault", "code": 995}, None, None),
    "fragments-cut": ({"do": "fragments_cut", "at": 7}, None, None),
    "fragment-gap": ({"do": "fragment_gap"}, "protocol", "psrp.fragment_gap"),
    "deep-xml": ({"do": "deep_xml"}, "parse", "clixml.too_deep"),
    "unknown-message": ({"do": "unknown_message"}, None, None),
    # The script says how many objects there were; ids that do not follow on are no fault.
    "unfinished": ({"do": "unfinished"}, "protocol", "psrp.unfinished"),
    "other-pid": ({"do": "other_pid"}, "protocol", "winrm.extras_disagree"),
    "lost-object": ({"do": "lost_object"}, "protocol", "winrm.extras_disagree"),
    "no-extras": ({"do": "no_extras"}, "protocol", "winrm.extras_missing"),
    "id-gap": ({"do": "id_gap"}, None, None),
    "host-call": ({"do": "host_call"}, "cmdlet", "cmdlet.failed"),
    "send-reset": ([{"do": "host_call"}, {"action": "Send", "do": "reset"}], "connect", "winrm.lost"),
    "send-drop": ([{"do": "host_call"}, {"action": "Send", "do": "drop_reply"}], "connect", "winrm.lost"),
    "send-hang": ([{"do": "host_call"}, {"action": "Send", "do": "hang"}], "timeout", "winrm.timeout"),
    "send-fault": ([{"do": "host_call"}, {"action": "Send", "do": "fault", "code": 4711}], "protocol", "wsman.fault"),
    "huge-output": ({"do": "huge_output", "bytes": 4200000}, "parse", "psrp.too_large"),
    "bad-state": ({"do": "bad_state"}, "protocol", "psrp.state"),
    "400": ({"action": "Create", "do": "status", "code": 400}, "protocol", "http.bad_request"),
    "404": ({"action": "Create", "do": "status", "code": 404}, "not_found", "http.not_found"),
    "413": ({"action": "Command", "do": "status", "code": 413}, "protocol", "http.too_large"),
    "500": ({"action": "Receive", "do": "status", "code": 500}, "protocol", "http.empty_500"),
    "503": ({"action": "Command", "do": "status", "code": 503}, "protocol", "http.unavailable"),
    "too-large": ({"action": "Create", "do": "status", "code": 200, "body": "x" * 3_000_000}, "protocol", "http.answer_too_large"),
    "echo-page": ({"action": "Create", "do": "echo"}, "protocol", "http.status"),
    "echo-soap": ({"action": "Create", "do": "echo", "as": "soap", "code": 500}, "protocol", "wsman.fault"),
    "echo-head": ({"action": "Create", "do": "echo", "as": "head"}, "protocol", "http.malformed"),
    "302": ({"action": "Create", "do": "status", "code": 302}, "protocol", "http.redirect"),
    # Those behind which the endpoint is left alone.
    "401": ({"action": "Create", "do": "status", "code": 401}, "auth", "auth.refused"),
    "403": ({"action": "Create", "do": "status", "code": 403}, "forbidden", "http.forbidden"),
    "429": ({"action": "Command", "do": "status", "code": 429}, "throttled", "http.throttled"),
}


def rows_of_the_fault_table():
    """Each fault that servers are known for: (code, subcode, detail) -> reason and code."""
    rows = {
        "5": (5, "AccessDenied", "forbidden", "wsman.access_denied"),
        "80070005": (2147942405, "", "forbidden", "wsman.access_denied"),
        "quota": (2150858815, "QuotaLimit", "throttled", "wsman.quota"),
        "shells": (2150859173, "QuotaLimit", "throttled", "wsman.quota_shells"),
        "operations": (2150859174, "QuotaLimit", "throttled", "wsman.quota_operations"),
        "user": (2150859175, "QuotaLimit", "throttled", "wsman.quota_user"),
        "system": (2150859176, "QuotaLimit", "throttled", "wsman.quota_system"),
        "shell-users": (2150859179, "QuotaLimit", "throttled", "wsman.quota_shell_users"),
        "ppq-shells": (2150859236, "", "throttled", "wsman.plugin_quota_shells"),
        "ppq-users": (2150859237, "", "throttled", "wsman.plugin_quota_users"),
        "ppq-all-shells": (2150859238, "", "throttled", "wsman.plugin_quota_all_shells"),
        "ppq-all-operations": (2150859239, "", "throttled", "wsman.plugin_quota_all_operations"),
        "ppq-operations": (2150859240, "", "throttled", "wsman.plugin_quota_operations"),
        "minimum": (2150859242, "", "throttled", "wsman.quota_minimum"),
        "header": (2150858767, "", "protocol", "wsman.invalid_header"),
        "schema": (2150858817, "SchemaValidationError", "protocol", "wsman.schema"),
        "xml": (2150858819, "", "protocol", "wsman.invalid_xml"),
        "resource": (2150858752, "DestinationUnreachable", "not_found", "wsman.resource_not_found"),
        "action": (2150858753, "ActionNotSupported", "protocol", "wsman.bad_action"),
        "uri": (2150858811, "", "not_found", "wsman.bad_resource"),
        "envelope": (2150858824, "EncodingLimit", "protocol", "wsman.envelope_size"),
        "server-envelope": (2150858825, "", "protocol", "wsman.server_envelope"),
        "redirect": (2150859161, "", "protocol", "wsman.redirect"),
        "authentication": (2150858806, "", "auth", "wsman.authentication"),
        "plugin": (2152992672, "", "forbidden", "wsman.plugin_refused"),
        "file": (2147942402, "", "protocol", "wsman.file_not_found"),
        "name": (2147942606, "", "protocol", "wsman.name_too_long"),
        "host": (1726, "", "process", "wsman.host_ended"),
        "unknown": (4711, "", "protocol", "wsman.fault"),
    }
    found = {}
    for name, (code, subcode, reason, ours) in rows.items():
        details = ("wsman", "provider", "wmi") if name in ("5", "shells", "plugin", "unknown") else ("wsman",)
        for detail in details:
            fault = {"action": "Create", "do": "fault", "code": code, "detail": detail, "text": f"Simulated {name}."}
            found[f"fault-{name}-{detail}"] = ({**fault, **({"subcode": subcode} if subcode else {})}, reason, ours)
    for name, text, reason, ours in (("said", "exceeded the maximum number of concurrent shells allowed", "throttled", "wsman.quota_shells"),
                                     ("silent", "", "protocol", "wsman.fault")):
        found[f"fault-{name}-none"] = ({"action": "Create", "do": "fault", "code": 0, "detail": "none", "text": text}, reason, ours)
    return found


def faults_of(row):
    return row[0] if isinstance(row[0], list) else [row[0]]


BACKS_OFF = ("auth", "forbidden", "throttled")


def fqdn(name):
    return f"p-{name}.example.com"


class Faults(LabTest):
    """A listener, an endpoint and a pool for each fault; all happen at once, and some pools have none."""

    HEALTHY = ("healthy-1", "healthy-2", "healthy-3")

    def setUp(self):
        super().setUp()
        self.table = {**WIRE, **rows_of_the_fault_table()}

    def scenario(self):
        names = [*self.table, *self.HEALTHY]
        return {"listeners": [{"name": name, "users": {"svc-sfbmon": "hunter2"}} for name in names],
                "pools": {fqdn(name): {} for name in names}}

    def test_every_fault(self):
        with self.simulator(self.scenario()) as simulator:
            # Where a session is opened or closed must go wrong, there is one for each evaluation.
            fresh = {name: {"session": {"reuse": False}} for name, row in self.table.items()
                     if faults_of(row)[0].get("action") in ("Create", "Delete")}
            # Whoever is refused has an account of its own: others that share it would be asked one after the other.
            own = {name: {"account": name} for name, (_, reason, _) in self.table.items() if reason == "auth"}
            configure = lambda **keys: self.configure_winrm(
                {name: {"url": simulator.url(name), **fresh.get(name, {}), **own.get(name, {}), **keys} for name in [*self.table, *self.HEALTHY]},
                {fqdn(name): name for name in [*self.table, *self.HEALTHY]}, settings={"evaluation_interval": "4s", "evaluation_timeout": "4s"})
            configure()
            with self.agent() as agent:
                self.wait(agent.ready, "ready")
                self.assertEqual(set(agent.by_pool("sfb_backup_up").values()), {1}, agent.log())
                others = lab.Others(agent, [fqdn(name) for name in self.HEALTHY], 4)
                simulator.set_faults([{"listener": name, "times": 1, **fault} for name, row in self.table.items()
                                      for fault in faults_of(row)])
                expected = {fqdn(name): (reason, code) for name, (_, reason, code) in self.table.items() if reason}
                missing = lambda: sorted(expected.keys() - self.failures(agent).keys())
                self.wait(lambda: not missing(), lambda: f"failures of {missing()}", 40)
                wanted = collections.Counter()
                for fault in sum(map(faults_of, self.table.values()), []):
                    wanted[fault["do"]] += fault.get("times", 1)
                undone = lambda: dict(wanted - collections.Counter(simulator.status()["faults_done"]))
                self.wait(lambda: not undone(), lambda: f"faults to be done: {undone()}", 40)
                resting = {fqdn(name) for name, (_, reason, _) in self.table.items() if reason in BACKS_OFF}
                ill = lambda: sorted(pool for pool, up in agent.by_pool("sfb_backup_up").items() if not up)
                self.wait(lambda: set(ill()) <= resting, lambda: f"{set(ill()) - resting} to heal")
                self.assertEqual(others.held_up(), [])
                self.check_resting(agent, resting)
                configure(max_concurrent=2)
                agent.signal(signal.SIGHUP)
                self.wait(lambda: not ill(), lambda: f"{ill()} to heal, left alone until a reload changes their settings")
                self.check_table(agent, expected)
            self.wait_quiet(simulator)

    def test_no_act_of_the_simulator_is_left_out(self):
        text = (lab.ROOT / "tests/simulator/README.md").read_text(encoding="utf-8")
        rows = re.findall(r"(?m)^\| (`.*?) \|", text.split("| `do` | arguments", 1)[1].split("### Out of process")[0])
        acts = {act for row in rows for act in re.findall(r"`(\w+)`", row)}
        self.assertGreater(len(acts), 25)
        self.assertEqual(acts, {fault["do"] for row in self.table.values() for fault in faults_of(row)})

    def test_the_runbook_has_every_reason(self):
        text = (lab.ROOT / "deploy/runbooks/codes.md").read_text(encoding="utf-8")
        listed = text.split("\n## winrm\n", 1)[1].split("\n## ")[0]
        reasons = {row[1] for row in self.table.values() if row[1]} | {"dns", "tls", "process"}
        missing = {reason for reason in reasons if not re.search(rf"(?m)^- [^:]*`{reason}`[^:]*:", listed)}
        self.assertEqual(missing, set())

    def test_the_runbook_has_every_code_of_what_got_lost(self):
        text = (lab.ROOT / "deploy/runbooks/codes.md").read_text(encoding="utf-8")
        for name in ("unfinished", "other-pid", "lost-object", "no-extras"):
            self.assertIn(f"`{WIRE[name][2]}`", text)

    def failures(self, agent):
        return {dict(labels)["pool"]: (dict(labels)["reason"], value)
                for labels, value in agent.series("sfb_backup_evaluation_failures_total").items() if value}

    def check_resting(self, agent, resting):
        until = {pool for pool, when in agent.by_pool("sfb_backup_evaluation_backoff_until_timestamp_seconds").items() if when}
        self.assertEqual(until, resting)
        answer = agent.query(sorted(resting)[0])
        self.assertEqual(answer.status, 503, answer.text)
        self.assertGreater(int(answer.headers["Retry-After"]), 30)

    def check_table(self, agent, expected):
        counted = self.failures(agent)
        for name, row in {**self.table, **{name: ({}, None, None) for name in self.HEALTHY}}.items():
            fault, reason, code = faults_of(row)[-1], *row[1:]
            with self.subTest(name=name):
                pool = fqdn(name)
                self.assertEqual(counted.get(pool), (reason, 1) if reason else None)
                entries = agent.history(pool)
                entries = entries if isinstance(entries, list) else entries["history"]
                codes = [entry["code"] for entry in entries if entry.get("code")]
                self.assertEqual(codes, [code] if code else [])
                text = fault.get("text")
                if text and fault.get("detail") != "none":
                    self.assertIn(text, str(entries))


class Memory(LabTest):
    def test_what_is_read_at_once_is_bounded(self):
        pools = {"big.example.com": {"huge": 3000000}, "small.example.com": {}}
        with self.simulator({"listeners": [{"name": "big"}, {"name": "small"}], "pools": pools}) as simulator:
            self.configure_winrm({name: {"url": simulator.url(name)} for name in ("big", "small")},
                                 {f"{name}.example.com": name for name in ("big", "small")},
                                 settings={"evaluation_interval": "2s", "evaluation_timeout": "2s"},
                                 limits={"in_flight": "2MiB", "envelope": "1MiB", "object": "1MiB"})
            with self.agent() as agent:
                self.wait(agent.ready, "ready")
                self.assertEqual(agent.by_pool("sfb_backup_up"), {"big.example.com": 0, "small.example.com": 1})
                problem = agent.query("big.example.com", **{"as": "json"}).json()
                self.assertEqual((problem["reason"], problem["code"]), ("internal", "http.in_flight"))
                simulator.set_pool("big.example.com", {})
                self.wait(lambda: agent.by_pool("sfb_backup_up")["big.example.com"] == 1, "the pool to heal")
            self.wait_quiet(simulator)


if __name__ == "__main__":
    unittest.main(verbosity=2)
