"""What the tests of the agent against Microsoft's own engine share: endpoints whose server is a process of the engine lab, and who is left of them."""

import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import re
import urllib.parse

import console
import engine_lab
import lab

LAB = engine_lab.PROGRAM
need_lab = engine_lab.require
WAIT = 60.0  # seconds; a start of the engine takes one or two of CPU
REAPED = 10.0  # seconds that a zombie may stay; an instant is usual
os.environ["POWERSHELL_TELEMETRY_OPTOUT"] = "1"  # inherited by all that the agent starts


def example_pools():
    """{first label of the pool: its steps} of the lab's example scenario."""
    text = (LAB.parent / "scenarios" / "example.json").read_text(encoding="utf-8")
    pools = json.loads(re.sub(r"(?m)(^|\s)//.*$", "", text))["pools"]
    return {name.split(".")[0]: steps for name, steps in pools.items()}


def processes(words):
    """{pid: parent} of the processes with these words in their command line."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and words.encode() in (entry / "cmdline").read_bytes():
                found[int(entry.name)] = int((entry / "stat").read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            pass  # it ended meanwhile
    return found


def zombies(parent):
    states = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit():
                state, of = (entry / "stat").read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()[:2]
                states += [entry.name] if (state, int(of)) == ("Z", parent) else []
        except (FileNotFoundError, ProcessLookupError):
            pass
    return states


def console_texts(test, endpoint, width, calls, modules):
    """{call: its text} of a console of that width; a call is what stands behind `Get-CsBackupServiceStatus -PoolFqdn `."""
    script = "; ".join(f"Get-CsBackupServiceStatus -PoolFqdn {call} | Out-Default; [Console]::WriteLine('====')" for call in calls)
    status, text = console.terminal(width, [str(LAB), "-NoLogo", "-NoProfile", "-Modules", str(LAB.parent / "modules" / modules), "-Command", script],
                                    {**os.environ, "SFB_LAB_SCENARIO": str(test.scenario(endpoint)), "NO_COLOR": "1", "TERM": "dumb"})
    test.assertEqual(status, 0, text)
    return dict(zip(calls, text.split("====\n")))


class EngineTest(lab.LabTest):
    """Pool `healthy.full.example.com` is asked on endpoint `full`, and its server does what the example scenario does for `healthy`."""

    MORE = {}  # further pools: first label to steps

    def setUp(self):
        super().setUp()
        self.steps = {**example_pools(), **self.MORE}
        self.addCleanup(self.nothing_left)

    def nothing_left(self):
        """Every process of this test names its folder."""
        try:
            lab.wait_for(lambda: not processes(str(self.folder)), lambda: f"the end of {processes(str(self.folder))}")
        finally:
            for pid in processes(str(self.folder)):
                lab.kill(pid)

    def kill_all(self, find):
        """Kills the processes that find() names, of which there must be one at least; one may be on its way out already."""
        for pid in self.wait(find, "a process to kill"):
            lab.kill(pid)

    def assert_no_zombies(self, program):
        """A process that ends is a zombie for an instant; one that stays is a failure."""
        lab.wait_for(lambda: not zombies(program.process.pid), lambda: f"zombies to be reaped: {zombies(program.process.pid)}", REAPED)

    def wait(self, probe, what, seconds=WAIT):
        return super().wait(probe, what, seconds)

    def scenario(self, endpoint, start=()):
        """Writes the endpoint's scenario file: all pools, and what is done before the program speaks."""
        path = self.folder / f"{endpoint}.json"
        pools = {f"{name}.{endpoint}.example.com": steps for name, steps in self.steps.items()}
        beside = path.with_suffix(".tmp")
        beside.write_text(json.dumps({"pools": pools, "start": list(start)}), encoding="utf-8")
        beside.rename(path)
        return path

    def program(self, endpoint, mode="-s", session=None, modules=None, start=()):
        """The endpoint's command; `session`: a file, or the name of one of the lab's."""
        words = [LAB, mode, "-NoLogo", "-NoProfile", "-Scenario", self.scenario(endpoint, start)]
        if session:
            words += ["-ConfigurationFile", session if isinstance(session, pathlib.Path) else LAB.parent / "sessions" / f"{session}.pssc"]
        if modules:
            words += ["-Modules", LAB.parent / "modules" / modules]
        return [str(word) for word in words]

    def configure_engine(self, endpoints, pools, timeout="60s"):
        """endpoints: name to keywords of `program` and `keys` of the configuration."""
        self.configure_endpoints({name: {"transport": "ssh", **keywords.get("keys", {}),
                                         "program": self.program(name, **{key: value for key, value in keywords.items() if key != "keys"})}
                                  for name, keywords in endpoints.items()}, pools, timeout)

    def configure_endpoints(self, endpoints, pools, timeout="60s", **more):
        """pools: endpoint to first labels, or to first labels with a time-out. Each pool is evaluated once by schedule, in the first seconds;
        all the rest is what the test asks."""
        settings = {
            "global": {"evaluation_interval": "12h", "evaluation_timeout": timeout, "min_live_interval": "0s", "stale_after": "24h"},
            "endpoints": endpoints,
            "pools": [{"fqdn": f"{name}.{endpoint}.example.com", "endpoint": endpoint, "paired_pool": "partner.example.com", "site": "lab",
                       "evaluation_timeout": names.get(name, timeout) if isinstance(names, dict) else timeout}
                      for endpoint, names in pools.items() for name in names],
            "authorization": {"allow_anonymous": "loopback"}, **more}
        (self.folder / "agent.yml").write_text(json.dumps(settings, indent=1), encoding="utf-8")

    def ask(self, agent, pool, **parameters):
        """A live answer of `healthy.full`; its `entry` is what the history holds of it."""
        fqdn = f"{pool}.example.com"
        answer = query(agent, fqdn, **parameters)
        entries = agent.history(fqdn)
        entries = entries if isinstance(entries, list) else entries["history"]
        found = [entry for entry in entries if str(entry["id"]) == answer.headers["X-Evaluation-Id"]]
        self.assertEqual(len(found), 1, f"the history has no entry of this answer: {answer.status} {answer.text[:2000]}\n{entries[:2]}\n{agent.log()[-2000:]}")
        answer.entry = found[0]
        return answer

    def same(self, agent, pool, **parameters):
        """The good answer that is known already, in another form."""
        answer = query(agent, f"{pool}.example.com", max_age=3600, **parameters)
        self.assertEqual(answer.headers["X-Evaluation-Source"], "cache")
        return answer

    def assert_failed(self, answer, status, reason, code, stage):
        entry = answer.entry
        self.assertEqual((answer.status, answer.headers["X-Outcome"], answer.headers["X-Reason"], entry["reason"], entry["code"], entry["stage"]),
                         (status, "failed", reason, reason, code, stage), f"{entry}\n{answer.text[:3000]}")

    def assert_good(self, answer):
        self.assertEqual((answer.status, answer.headers.get("X-Outcome"), answer.entry["outcome"]), (200, "good", "good"), f"{answer.entry}\n{answer.text[:3000]}")

    def children(self, agent):
        """The engine's processes of this agent, oldest first."""
        return sorted(pid for pid, parent in processes(str(self.folder)).items() if parent == agent.process.pid)


@contextlib.contextmanager
def background(do, *arguments, **more):
    """Does something beside the body, which must see to its end; a failure there is of no interest."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(do, *arguments, **more)
        yield


def query(agent, fqdn, **parameters):
    """As lab.Agent.query, but as patient as the evaluation is."""
    host, port = agent.address.rsplit(":", 1)
    with contextlib.closing(http.client.HTTPConnection(host, int(port), timeout=2 * WAIT)) as connection:
        connection.request("GET", "/api/v1/Get-CsBackupServiceStatus?" + urllib.parse.urlencode({"PoolFqdn": fqdn, **parameters}))
        return lab.Answer(connection.getresponse())
