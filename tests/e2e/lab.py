"""What the end-to-end tests share: the real agent on a free port, dropped files, HTTP, and clean ends by pid."""

import contextlib
import datetime
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

from programs import WAIT, descriptors, ended_on_failure, free_port, kill, stop  # noqa: F401: also for those who import this

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SFB_BUILD_DIR", ROOT / "build" / "ci"))
AGENT = BUILD / "agent" / "app" / "sfb_backup_exporter"
ASK = BUILD / "agent" / "client" / "Get-CsBackupServiceStatus"
SIMULATOR = BUILD / "tests" / "simulator" / "sfb_backup_simulator"

MODULES_2013 = ["UserServices.PresenceFocus", "ConfServices.DataConf", "CentralMgmt.CMSMaster"]
MODULES_2019 = MODULES_2013 + ["ApplicationServer.RGSDataStore", "ApplicationServer.RGSFileStore"]


def utc(offset=0.0):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=offset)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def status_object(modules, states=None, first_id=2, **properties):
    """CLIXML of one status object as Export-Clixml writes it at depth 2."""
    states = states or {}
    rows, number = "", first_id + 2
    for module in modules:
        export, imported = states.get(module, ("FinalState", "NormalState"))
        rows += (f'<Obj RefId="{number}"><TN RefId="{number}"><T>Test.ModuleStatus</T><T>System.Object</T></TN>'
                 f"<ToString>{module}:[{export},{imported}]</ToString><Props><S N=\"Identity\">{module}</S>"
                 f'<S N="ExportStatus">{export}</S><S N="ImportStatus">{imported}</S></Props></Obj>')
        number += 1
    extra = "".join(f'<S N="{name}">{value}</S>' for name, value in properties.items())
    return (f'<Obj RefId="{first_id}"><TN RefId="{first_id}"><T>Test.BackupServiceStatus</T><T>System.Object</T></TN>'
            f"<ToString>Test.BackupServiceStatus</ToString><Props>{extra}"
            f'<Obj N="BackupModules" RefId="{first_id + 1}"><TN RefId="{first_id + 1}"><T>System.Object[]</T>'
            f"<T>System.Array</T><T>System.Object</T></TN><LST>{rows}</LST></Obj></Props></Obj>")


def error_record(message, error_id="BackupServiceFailed"):
    return (f'<Obj RefId="80"><TN RefId="80"><T>System.Management.Automation.ErrorRecord</T><T>System.Object</T></TN>'
            f'<ToString>{message}</ToString><MS><Obj N="Exception" RefId="81"><TN RefId="81"><T>System.Exception</T>'
            f'<T>System.Object</T></TN><Props><S N="Message">{message}</S></Props></Obj>'
            f'<S N="FullyQualifiedErrorId">{error_id}</S><I32 N="ErrorCategory_Category">7</I32>'
            f'<S N="ErrorCategory_Message">InvalidOperation: (:) [], Exception</S>'
            f'<B N="SerializeExtendedInfo">false</B></MS></Obj>')


def wrapper(pool, output="", errors="", warnings="", state="Completed", when=None):
    """A whole dropped file, as deploy/windows/Export-BackupStatus.ps1 writes it."""
    return ('<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj RefId="0">'
            '<TN RefId="0"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN><MS>'
            f'<I32 N="SfbBackupExport">1</I32><S N="PoolFqdn">{pool}</S><DT N="ExportedAt">{when or utc()}</DT>'
            f'<S N="PSVersion">5.1.17763.1</S><S N="State">{state}</S>'
            '<Obj N="Output" RefId="1"><TN RefId="1"><T>System.Object[]</T><T>System.Array</T><T>System.Object</T>'
            f'</TN><LST>{output}</LST></Obj><Obj N="Errors" RefId="90"><TNRef RefId="1" /><LST>{errors}</LST></Obj>'
            f'<Obj N="Warnings" RefId="91"><TNRef RefId="1" /><LST>{warnings}</LST></Obj></MS></Obj></Objs>')


class Answer:
    """An HTTP answer: status, headers (any case), body."""

    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.body = response.read()
        self.text = self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)


def request(address, method, path, body=None, headers=None):
    """One HTTP request to HOST:PORT, on a connection of its own."""
    host, port = address.rsplit(":", 1)
    with contextlib.closing(http.client.HTTPConnection(host, int(port), timeout=WAIT)) as connection:
        connection.connect()
        # Who is refused before the end of its body may not be able to send it; the answer is there all the same.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, path, body=body, headers=headers or {})
        return Answer(connection.getresponse())


class Agent:
    """The real binary. Use as a context manager; ends it by pid and keeps its log."""

    def __init__(self, folder, *arguments, addresses=("127.0.0.1:0",), config="agent.yml", environment=None):
        self.folder = pathlib.Path(folder)
        self.environment = {**os.environ, **(environment or {})}
        self.log_path = self.folder / "agent.log"
        self.command = [str(AGENT), f"--config.file={self.folder / config}",
                        *(f"--web.listen-address={a}" for a in addresses), *arguments]
        self.process = None
        self.address = None

    def __enter__(self):
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.environment)
        with ended_on_failure(self.process):
            self.address = wait_for(self._listening, "the agent to listen")
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(WAIT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise

    def _listening(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the agent ended with {self.process.returncode}:\n{self.log()}")
        found = re.search(r"listening\"? ?,?\"?address\"?[=:]\"?([0-9.]+:\d+)", self.log())
        return found.group(1) if found else None

    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace") if self.log_path.exists() else ""

    def request(self, target, headers=None, method="GET", body=None):
        return request(self.address, method, target, body, headers)

    def query(self, pool, headers=None, **parameters):
        parameters = {"PoolFqdn": pool, **parameters}
        target = "/api/v1/Get-CsBackupServiceStatus?" + urllib.parse.urlencode(parameters)
        return self.request(target, headers)

    def metrics(self):
        return self.request("/metrics").text

    def value(self, series, page=None):
        """The value of one series of `page` or a new text page (`name{labels}`), None when it is not there."""
        for line in (page or self.metrics()).splitlines():
            if line.startswith(series + " "):
                return float(line.rsplit(" ", 1)[1])
        return None

    def history(self, pool):
        return self.request(f"/api/v1/history?PoolFqdn={pool}").json()

    def series(self, family, page=None):
        """{labels as a dict, frozen: value} of one family of `page` or a new text page."""
        found = {}
        for line in (page or self.metrics()).splitlines():
            if line.startswith(family + "{"):
                labels, value = line[len(family) + 1:].rsplit("} ", 1)
                found[frozenset(re.findall(r'(\w+)="([^"]*)"', labels))] = float(value)
        return found

    def by_pool(self, family, **labels):
        """{pool: value} of the series with these labels."""
        return {dict(key)["pool"]: value for key, value in self.series(family).items()
                if labels.items() <= dict(key).items()}

    def signal(self, number):
        os.kill(self.process.pid, number)

    def ready(self):
        return self.request("/-/ready").status == 200

    def descriptors(self):
        return descriptors(self.process)


class Simulator:
    """The simulated Windows servers (tests/simulator). Use as a context manager; ends it by pid, and demands that no rule was broken."""

    def __init__(self, folder, scenario, name="simulator", environment=None):
        folder = pathlib.Path(folder)
        self.environment = {**os.environ, **(environment or {})}
        self.path, self.log_path = folder / f"{name}.yml", folder / f"{name}.log"
        # JSON is YAML.
        self.path.write_text(json.dumps({"control": "127.0.0.1:0", **scenario}, indent=1), encoding="utf-8")
        self.process, self.addresses = None, {}

    def __enter__(self):
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([str(SIMULATOR), str(self.path)], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            env=self.environment)
        with ended_on_failure(self.process):
            wait_for(self._listening, "the simulator to listen")
        return self

    def __exit__(self, kind, *_):
        broken = re.findall(r"(?m)^violation: .*$", self.log())
        code = stop(self.process)
        if kind is None and (code != 0 or broken):
            raise AssertionError(f"the simulator ended with {code} and saw {broken[:10]}")

    def _listening(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the simulator ended with {self.process.returncode}:\n{self.log()}")
        self.addresses = {name: f"{scheme}://{address}" for name, address, scheme in re.findall(
            r"(?m)^listening endpoint=(\S+) address=(\S+) scheme=(\S+)$", self.log())}
        return "control" in self.addresses  # the last one

    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def url(self, listener):
        return self.addresses[listener] + "/wsman"

    def _control(self, method, path, content=None):
        door = urllib.parse.urlsplit(self.addresses["control"]).netloc
        answer = request(door, method, path, None if content is None else json.dumps(content))
        if answer.status != 200:
            raise AssertionError(f"{method} {path}: {answer.status} {answer.text}")
        return answer.json()

    def status(self):
        return self._control("GET", "/status")

    def set_faults(self, faults):
        self._control("POST", "/faults", faults)

    def set_listener(self, listener, keys):
        self._control("POST", "/listeners/" + listener, keys)

    def set_pool(self, pool, behaviour):
        self._control("POST", "/pools/" + pool, behaviour)

    def reset_counters(self):
        self._control("POST", "/reset-counters")

    def descriptors(self):
        return descriptors(self.process)

    def quiet(self):
        """True when nobody holds anything on it."""
        status = self.status()
        return status["shells"] == status["commands"] == status["connections"] == 0


def wait_for(probe, what, seconds=WAIT):
    """The first truthy value of probe(); fails after `seconds`. `what` is a text, or gives one then."""
    deadline = time.monotonic() + seconds
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s for {what() if callable(what) else what}")
        time.sleep(0.05)


class Others:
    """Pools that other pools' troubles must not concern, counted from now on: all that was due was done, and well."""

    def __init__(self, agent, pools, interval):
        self.agent, self.pools, self.interval = agent, pools, interval
        self.start, self.before = time.monotonic(), agent.by_pool("sfb_backup_evaluations_total")

    def held_up(self):
        """Those with a failure, an overrun or less than half of the evaluations that were due."""
        due = (time.monotonic() - self.start) / self.interval
        done, overruns = self.agent.by_pool("sfb_backup_evaluations_total"), self.agent.by_pool("sfb_backup_evaluation_overruns_total")
        failed = {dict(labels)["pool"] for labels, value in self.agent.series("sfb_backup_evaluation_failures_total").items() if value}
        bad = [pool for pool in self.pools if pool in failed or overruns[pool] or done[pool] - self.before[pool] < due / 2 - 1]
        return [(pool, done[pool] - self.before[pool], due, overruns[pool], pool in failed) for pool in bad]


class LabTest(unittest.TestCase):
    """A test with a folder of its own: exports/ and agent.yml."""

    POOLS = {"atl.example.com": "chi.example.com", "chi.example.com": "atl.example.com"}

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sfb-e2e-"))
        self.folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        (self.folder / "exports").mkdir()

    def configure(self, pools=None, extra_global="", authorization="authorization: {allow_anonymous: loopback}",
                  path="{pool}.clixml", max_age="10m", extra_pool=""):
        pools = self.POOLS if pools is None else pools
        lines = [f"global: {{evaluation_interval: 2s, evaluation_timeout: 2s, min_live_interval: 0s{extra_global}}}",
                 "endpoints:",
                 f"  drop: {{transport: file, path: '{self.folder}/exports/{path}', max_age: {max_age}}}",
                 "pools:"]
        lines += [f"  - {{fqdn: {pool}, endpoint: drop, paired_pool: {partner}, site: lab{extra_pool}}}"
                  for pool, partner in pools.items()]
        (self.folder / "agent.yml").write_text("\n".join([*lines, authorization, ""]), encoding="utf-8")

    def configure_winrm(self, endpoints, pools, password="hunter2", **extra):
        """endpoints: name -> its keys (url at least; `account` names a password file of its own); pools: FQDN -> endpoint. Pools are
        paired two by two."""
        accounts = {"monitoring", *(keys.get("account", "monitoring") for keys in endpoints.values())}
        for account in accounts:
            self.write_secret(password, account)
        names = list(pools)
        partners = {name: names[i ^ 1] if i ^ 1 < len(names) else "partner.example.com" for i, name in enumerate(names)}
        settings = {
            "global": {"evaluation_interval": "1s", "evaluation_timeout": "1s", "min_live_interval": "0s", **extra.pop("settings", {})},
            "credentials": {account: {"method": "basic", "username": "svc-sfbmon", "password_file": f"{account}.password"}
                            for account in accounts if any(keys.get("account", "monitoring") == account for keys in endpoints.values())},
            "endpoints": {name: {"transport": "winrm", "credentials": keys.get("account", "monitoring"),
                                 **({"allow_unencrypted": True} if str(keys.get("url")).startswith("http:") else {}),
                                 **{key: value for key, value in keys.items() if key != "account"}}
                          for name, keys in endpoints.items()},
            "pools": [{"fqdn": name, "endpoint": endpoint, "paired_pool": partners[name], "site": "lab"}
                      for name, endpoint in pools.items()],
            "authorization": {"allow_anonymous": "loopback"}, **extra}
        (self.folder / "agent.yml").write_text(json.dumps(settings, indent=1), encoding="utf-8")

    def write_secret(self, password, account="monitoring"):
        """Beside and renamed: never seen half written."""
        secret = self.folder / f"{account}.password"
        beside = secret.with_suffix(".new")
        beside.write_text(password + "\n", encoding="utf-8")
        beside.chmod(0o600)
        beside.rename(secret)

    def simulator(self, scenario, **options):
        return Simulator(self.folder, scenario, **options)

    def drop(self, pool, content, name=None):
        """Writes beside and renames, as the script does."""
        target = self.folder / "exports" / (name or f"{pool}.clixml")
        beside = target.with_suffix(".tmp")
        beside.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        beside.rename(target)

    def drop_status(self, pool, states=None, modules=None, **wrapped):
        self.drop(pool, wrapper(pool, status_object(modules or MODULES_2013, states), **wrapped))

    def agent(self, *arguments, **options):
        return Agent(self.folder, *arguments, **options)

    def wait(self, probe, what, seconds=WAIT):
        return wait_for(probe, what, seconds)

    def wait_logged(self, agent, pattern):
        """A line of the agent's log: a thread writes it, so it may come behind the answer that it tells of."""
        return wait_for(lambda: re.search(pattern, agent.log()), lambda: f"{pattern!r} in the log:\n{agent.log()[-3000:]}")

    def wait_quiet(self, simulator):
        wait_for(simulator.quiet, lambda: f"a quiet simulator: {simulator.status()}\n{simulator.log()}")


def skip_module(why):
    """Ends the test program as skipped, as ctest and tests/count.py know it. To be called by setUpModule."""
    skip_part(why)
    sys.exit(77)  # SKIP_RETURN_CODE of ctest


def skip_part(why):
    """Tells tests/count.py that something was left out; what else there is goes on."""
    print(f"SKIPPED: {why}", flush=True)


def hashmod(text, modulus):
    """As Prometheus' relabelling computes it: the last eight bytes of the MD5."""
    return int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest()[8:], "big") % modulus
