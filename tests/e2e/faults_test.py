"""Transport winrm when servers misbehave: every fault has its reason in the metric and its code in the history, touches no other
pool, and the next good answer heals it."""

import collections
import re
import signal
import subprocess
import unittest

import lab
from lab import LabTest

GONE = 2150858843
# name: (the simulator's fault, reason and code) - None: nobody notices, because the same run goes on.
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
    "shell-gone": ({"action": "Receive", "do": "shell_gone"}, None, None),
    "shell-gone-command": ({"action": "Command", "do": "shell_gone"}, None, None),
    "shell-gone-twice": ({"action": "Command", "do": "shell_gone", "times": 2}, "not_found", "wsman.shell_gone"),
    "shell-gone-signal": ({"action": "Signal", "do": "shell_gone"}, None, None),
    "aborted": ({"action": "Receive", "do": "fault", "code": 995}, None, None),
    "aborted-signal": ({"action": "Signal", "do": "fault", "code": 995}, None, None),
    "commands": ({"action": "Command", "do": "fault", "code": 2150859241, "subcode": "QuotaLimit"}, None, None),
    "delete-fails": ({"action": "Delete", "do": "fault", "code": 995}, None, None),
    "fragments-cut": ({"do": "fragments_cut", "at": 7}, None, None),
    "fragment-gap": ({"do": "fragment_gap"}, "protocol", "psrp.fragment_gap"),
    "deep-xml": ({"do": "deep_xml"}, "parse", "clixml.too_deep"),
    "unknown-message": ({"do": "unknown_message"}, None, None),
    "host-call": ({"do": "host_call"}, "cmdlet", "cmdlet.failed"),
    "huge-output": ({"do": "huge_output", "bytes": 4200000}, "parse", "psrp.too_large"),
    "bad-state": ({"do": "bad_state"}, "protocol", "psrp.state"),
    "400": ({"action": "Create", "do": "status", "code": 400}, "protocol", "http.bad_request"),
    "404": ({"action": "Create", "do": "status", "code": 404}, "not_found", "http.not_found"),
    "413": ({"action": "Command", "do": "status", "code": 413}, "protocol", "http.too_large"),
    "500": ({"action": "Receive", "do": "status", "code": 500}, "protocol", "http.empty_500"),
    "503": ({"action": "Command", "do": "status", "code": 503}, "protocol", "http.unavailable"),
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
            fresh = {name: {"session": {"reuse": False}} for name, (fault, _, _) in self.table.items()
                     if fault.get("action") in ("Create", "Delete")}
            self.configure_winrm({name: {"url": simulator.url(name), **fresh.get(name, {})} for name in [*self.table, *self.HEALTHY]},
                                 {fqdn(name): name for name in [*self.table, *self.HEALTHY]},
                                 settings={"evaluation_interval": "2s", "evaluation_timeout": "2s"})
            with self.agent() as agent:
                self.wait(agent.ready, "ready")
                self.assertEqual(set(agent.by_pool("sfb_backup_up").values()), {1}, agent.log())
                before = agent.by_pool("sfb_backup_last_evaluation_success_timestamp_seconds")
                simulator.set_faults([{"listener": name, "times": 1, **fault} for name, (fault, _, _) in self.table.items()])
                expected = {fqdn(name): (reason, code) for name, (_, reason, code) in self.table.items() if reason}
                missing = lambda: sorted(expected.keys() - self.failures(agent).keys())
                self.wait(lambda: not missing(), lambda: f"failures of {missing()}")
                wanted = collections.Counter()
                for fault, _, _ in self.table.values():
                    wanted[fault["do"]] += fault.get("times", 1)
                undone = lambda: dict(wanted - collections.Counter(simulator.status()["faults_done"]))
                self.wait(lambda: not undone(), lambda: f"faults to be done: {undone()}")
                resting = {fqdn(name) for name, (_, reason, _) in self.table.items() if reason in BACKS_OFF}
                ill = lambda: sorted(pool for pool, up in agent.by_pool("sfb_backup_up").items() if not up)
                self.wait(lambda: set(ill()) <= resting, lambda: f"{set(ill()) - resting} to heal")
                self.check_resting(agent, resting)
                agent.signal(signal.SIGHUP)
                self.wait(lambda: not ill(), lambda: f"{ill()} to heal, left alone until a reload")
                self.check_table(agent, expected)
                after = agent.by_pool("sfb_backup_last_evaluation_success_timestamp_seconds")
                for name in self.HEALTHY:
                    self.assertGreater(after[fqdn(name)], before[fqdn(name)])
            self.wait_quiet(simulator)

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
        for name, (fault, reason, code) in {**self.table, **{name: ({}, None, None) for name in self.HEALTHY}}.items():
            with self.subTest(name=name, fault=fault):
                pool = fqdn(name)
                self.assertEqual(counted.get(pool), (reason, 1) if reason else None)
                entries = agent.history(pool)
                entries = entries if isinstance(entries, list) else entries["history"]
                codes = [entry["code"] for entry in entries if entry.get("code")]
                self.assertEqual(codes, [code] if code else [])
                text = fault.get("text")
                if text and fault.get("detail") != "none":
                    self.assertIn(text, str(entries))


def make_certificates(folder):
    """ca.pem and certificates with something wrong, by the openssl command."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    folder.mkdir()
    (folder / "index.txt").touch()
    (folder / "serial").write_text("01\n")
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca=lab\n[lab]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=any\n"
        "unique_subject=no\ncopy_extensions=copy\ncertificate=ca.pem\nprivate_key=ca.key\n[any]\ncommonName=supplied\n")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    for authority in ("ca", "stranger"):
        openssl("req", "-x509", *key, "-keyout", f"{authority}.key", "-out", f"{authority}.pem", "-subj", f"/CN=lab {authority}", "-days", "30")
    day = lambda offset: lab.utc(offset * 86400)[2:].replace("-", "").replace(":", "").replace("T", "")[:12] + "Z"
    for name, alternative, start, end, authority in (
            ("good", "IP:127.0.0.1", -1, 9, "ca"), ("other-name", "DNS:other.example.com", -1, 9, "ca"),
            ("expired", "IP:127.0.0.1", -9, -1, "ca"), ("future", "IP:127.0.0.1", 2, 9, "ca"), ("unknown", "IP:127.0.0.1", -1, 9, "stranger")):
        openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}", "-addext", f"subjectAltName={alternative}")
        openssl("ca", "-batch", "-config", "ca.cnf", "-cert", f"{authority}.pem", "-keyfile", f"{authority}.key", "-in", f"{name}.csr",
                "-out", f"{name}.pem", "-startdate", day(start), "-enddate", day(end), "-notext")


def tls(name, **more):
    return {"tls": {"certificate": f"pki/{name}.pem", "key": f"pki/{name}.key", **more}}


TRUST = {"tls": {"ca_file": "pki/ca.pem"}}
# name: listener's keys, endpoint's keys, pool's keys, reason, code
SETUPS = {
    "no-such-path": ({"path": "/elsewhere"}, {}, {}, "not_found", "http.not_found"),
    "wrong-password": ({"users": {"svc-sfbmon": "another"}}, {}, {}, "auth", "auth.refused"),
    "no-basic": ({"users": {"svc-sfbmon": "another"}, "authenticate": ["Negotiate", "Kerberos"]}, {}, {}, "auth", "auth.not_offered"),
    "broken": ({"server": {"broken": "The session configuration's script failed."}}, {}, {}, "cmdlet", "psrp.broken"),
    "version-3": ({"server": {"protocol": "3.0"}}, {}, {}, "protocol", "psrp.version"),
    "no-shells": ({"server": {"max_shells": 0}}, {}, {}, "throttled", "wsman.quota_shells"),
    "no-scripts": ({"server": {"language": "none"}}, {"language": "full"}, {}, "cmdlet", "winrm.scripts_refused"),
    "slow": ({}, {}, {"slow": "9s"}, "timeout", "winrm.timeout"),
    "deaf": ({"server": {"deaf": True}}, {}, {"slow": "9s"}, "timeout", "winrm.timeout"),
    "only-error": ({}, {}, {"only_error": "The service is \u00fcberlastet."}, "cmdlet", "cmdlet.error"),
    "fatal": ({}, {}, {"fatal": "The database is offline."}, "cmdlet", "cmdlet.failed"),
    "second-hop": ({}, {}, {"fatal": "Access is denied."}, "cmdlet", "cmdlet.second_hop"),
    "host": ({}, {}, {"host_call": True}, "cmdlet", "cmdlet.failed"),
    "two": ({}, {}, {"two": True}, "parse", "status.several"),
    "text": ({}, {}, {"text": True}, "parse", "status.unrecognised"),
    "many-modules": ({}, {}, {"modules": [f"Future.Module{i}" for i in range(40)]}, "parse", "status.too_many_modules"),
    "refused": (None, {"url": "http://127.0.0.1:9"}, {}, "connect", "connect.refused"),
    "no-name": (None, {"url": "http://nowhere.invalid"}, {}, "dns", None),
    "other-name": (tls("other-name"), TRUST, {}, "tls", "tls.wrong_name"),
    "expired": (tls("expired"), TRUST, {}, "tls", "tls.expired"),
    "future": (tls("future"), TRUST, {}, "tls", "tls.not_yet_valid"),
    "unknown": (tls("unknown"), TRUST, {}, "tls", "tls.unknown_issuer"),
    "system-store": (tls("good"), {}, {}, "tls", "tls.unknown_issuer"),
    "tls-1.1": (tls("good", max_version="1.1"), TRUST, {}, "tls", "tls.too_old"),
    "below-1.3": (tls("good", max_version="1.2"), {"tls": {**TRUST["tls"], "min_version": "1.3"}}, {}, "tls", "tls.too_old"),
    "not-tls": ({}, {**TRUST, "swap": "https"}, {}, "tls", "tls.handshake"),
    "is-tls": (tls("good"), {"swap": "http"}, {}, "connect", "winrm.lost"),
}


class Setups(LabTest):
    """What is wrong from the start: said at once, no hindrance for the others, and well after a repair."""

    def test_every_setup(self):
        make_certificates(self.folder / "pki")
        listeners = {name: listener for name, (listener, *_) in SETUPS.items() if listener is not None}
        scenario = {"listeners": [{"name": name, "users": {"svc-sfbmon": "hunter2"}, **keys}
                                  for name, keys in {**listeners, "good": {}, "secure": tls("good")}.items()],
                    "pools": {fqdn(name): keys[2] for name, keys in SETUPS.items()} | {fqdn("good"): {}, fqdn("secure"): {}}}
        with self.simulator(scenario) as simulator:
            def configure(repaired):
                endpoints = {"good": {"url": simulator.url("good")}, "secure": {"url": simulator.url("secure"), **TRUST}}
                for name, (listener, keys, _, reason, _) in SETUPS.items():
                    keys = dict(keys)
                    swap = keys.pop("swap", None)
                    url = keys.pop("url", None) or simulator.url(name)
                    keys["url"] = url.replace(url.split(":")[0] + ":", swap + ":") if swap else url
                    endpoints[name] = endpoints["secure" if reason == "tls" else "good"] if repaired else keys
                self.configure_winrm(endpoints, {fqdn(name): name for name in endpoints},
                                     settings={"evaluation_interval": "2s", "evaluation_timeout": "2s"})
            configure(repaired=False)
            with self.agent() as agent:
                ill = lambda: {pool for pool, value in agent.by_pool("sfb_backup_up").items() if not value}
                self.wait(agent.ready, "ready")
                self.assertEqual(ill(), {fqdn(name) for name in SETUPS}, agent.log())
                for name, (_, _, _, reason, code) in SETUPS.items():
                    with self.subTest(name=name):
                        self.check(agent, fqdn(name), reason, code)
                for name in SETUPS:
                    simulator.set_pool(fqdn(name), {})
                configure(repaired=True)
                agent.signal(signal.SIGHUP)
                self.wait(lambda: not ill(), lambda: f"{ill()} to heal\n{agent.log()}")
            self.wait_quiet(simulator)

    def check(self, agent, pool, reason, code):
        counted = {dict(labels)["reason"]: value for labels, value in agent.series("sfb_backup_evaluation_failures_total").items()
                   if dict(labels)["pool"] == pool and value}
        self.assertEqual(list(counted), [reason])
        entries = agent.history(pool)
        entries = entries if isinstance(entries, list) else entries["history"]
        codes = {entry["code"] for entry in entries}
        self.assertEqual(len(codes), 1, codes)
        if code:
            self.assertEqual(codes, {code})
        line = re.search(rf'(?m)^.*"?evaluation failed"? pool={pool} .*$', agent.log())
        self.assertIn(f"reason={reason}", line[0] if line else agent.log())


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


class Refused(LabTest):
    """Twenty pools on one endpoint whose password is wrong: the account is not to be locked."""

    POOLS = [f"pool-{i:02}.example.com" for i in range(20)]

    def scenario(self):
        return {"listeners": [{"name": "atlanta", "users": {"svc-sfbmon": "hunter2"}}, {"name": "other"}],
                "pools": {name: {} for name in [*self.POOLS, "other.example.com"]}}

    def test_one_logon_for_all_pools(self):
        for sessions in (1, 4):
            with self.subTest(sessions=sessions), self.simulator(self.scenario(), name=f"refused-{sessions}") as simulator:
                self.configure_winrm({"atlanta": {"url": simulator.url("atlanta"), "max_concurrent": sessions},
                                      "other": {"url": simulator.url("other")}},
                                     {**{name: "atlanta" for name in self.POOLS}, "other.example.com": "other"}, password="wrong")
                with self.agent() as agent:
                    self.wait(agent.ready, "ready")
                    runs = lambda: simulator.status()["runs_by_pool"].get("other.example.com", 0)
                    self.wait(lambda: runs() >= 3, "the other endpoint to be asked three times")
                    self.check_left_alone(agent, simulator)
                    self.write_secret("still wrong")
                    self.wait(lambda: simulator.status()["logons_failed"] == 2, "a new password to be tried")
                    self.wait(lambda: runs() >= 5, "the other endpoint to be asked on")
                    self.assertEqual(simulator.status()["logons_failed"], 2)
                    self.write_secret("hunter2")
                    self.wait(lambda: set(agent.by_pool("sfb_backup_up").values()) == {1}, "the right password to end it")
                    self.assertEqual(simulator.status()["logons_failed"], 2)
                    until = agent.by_pool("sfb_backup_evaluation_backoff_until_timestamp_seconds")
                    self.assertFalse(any(until.values()))
                self.wait_quiet(simulator)

    def check_left_alone(self, agent, simulator):
        self.assertEqual(simulator.status()["logons_failed"], 1)
        failures = agent.by_pool("sfb_backup_evaluation_failures_total", reason="auth")
        self.assertEqual(sum(failures.values()), 1, "only the pool that asked failed")
        until = agent.by_pool("sfb_backup_evaluation_backoff_until_timestamp_seconds")
        self.assertEqual({name for name, when in until.items() if when}, set(self.POOLS))
        for name in self.POOLS[:2]:
            answer = agent.query(name, **{"as": "json"})
            self.assertEqual((answer.status, answer.json()["code"]), (503, "engine.backoff"), answer.text)
            self.assertIn(int(answer.headers["Retry-After"]), range(30, 61))
        self.assertEqual(simulator.status()["logons_failed"], 1, "a query does not ask either")
        self.assertNotIn("wrong", agent.log())

    def test_a_password_file_that_goes_and_comes_back(self):
        with self.simulator(self.scenario()) as simulator:
            self.configure_winrm({"atlanta": {"url": simulator.url("atlanta"), "session": {"reuse": False}}}, {self.POOLS[0]: "atlanta"})
            with self.agent() as agent:
                self.wait(agent.ready, "ready")
                (self.folder / "monitoring.password").unlink()
                # A new connection wants the password, but for the second Delete, which goes with what was accepted.
                simulator.set_faults([{"action": "Delete", "do": "drop_reply", "times": 2}])
                failures = lambda: agent.by_pool("sfb_backup_evaluation_failures_total", reason="process")
                self.wait(lambda: failures()[self.POOLS[0]], "a failure")
                problem = agent.query(self.POOLS[0], **{"as": "json"}).json()
                self.assertEqual((problem["reason"], problem["code"]), ("process", "secret.unreadable"))
                self.write_secret("hunter2")
                self.wait(lambda: agent.by_pool("sfb_backup_up")[self.POOLS[0]] == 1, "the pool to heal")
                self.assertEqual(simulator.status()["logons_failed"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
