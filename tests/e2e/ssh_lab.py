"""What the end-to-end tests of transport ssh share: simulated servers as children of the agent, and a look at those children from outside."""

import json
import os
import pathlib
import signal

import child
import lab

RELOADED = "sfb_backup_exporter_config_last_reload_success_timestamp_seconds"
PATIENCE = {"evaluation_interval": "3s", "evaluation_timeout": "3s"}


class Process:
    """One process as /proc tells of it."""

    def __init__(self, pid, stat, command):
        fields = stat[stat.rindex(")") + 2:].split()
        self.pid, self.command = pid, command
        self.state, self.parent, self.group, self.started = fields[0], int(fields[1]), int(fields[2]), int(fields[19])

    def __repr__(self):
        return f"{self.pid} {self.state} of {self.parent} in {self.group}: {' '.join(self.command)[-120:]}"


def processes():
    """All there are now, whose owner we may see."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
                command = (entry / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")[:-1]
                found.append(Process(int(entry.name), stat, command))
            except (FileNotFoundError, ProcessLookupError):
                pass  # it has gone meanwhile
    return found


def is_gone(pid):
    """Not even a zombie is left."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


class SshTest(lab.LabTest):
    """Endpoints whose program is the simulator; all of them play listeners of one scenario and write into one journal."""

    def setUp(self):
        super().setUp()
        self.scenario_path, self.journal_path = self.folder / "scenario.yml", self.folder / "journal"

    def write_scenario(self, scenario):
        """Counts for the processes that start from now on."""
        beside = self.scenario_path.with_suffix(".new")
        beside.write_text(json.dumps(scenario, indent=1), encoding="utf-8")
        beside.rename(self.scenario_path)

    def program(self, listener, *arguments):
        return [str(lab.SIMULATOR), str(self.scenario_path), "--stdio", "--listener", listener, "--log", str(self.journal_path), *arguments]

    def configure_ssh(self, endpoints, pools, **extra):
        """endpoints: name -> its keys; without `program` or `ssh` it plays the listener of its name, with the `arguments` added.
        pools: FQDN -> endpoint. Pools are paired two by two."""
        names = list(pools)
        partners = {name: names[i ^ 1] if i ^ 1 < len(names) else "partner.example.com" for i, name in enumerate(names)}
        whole = {}
        for name, keys in endpoints.items():
            keys = dict(keys)
            arguments = keys.pop("arguments", [])
            if "ssh" not in keys:
                keys.setdefault("program", self.program(name, *arguments))
            whole[name] = {"transport": "ssh", **keys}
        settings = {"global": {"min_live_interval": "0s", **PATIENCE, **extra.pop("settings", {})}, "endpoints": whole,
                    "pools": [{"fqdn": name, "endpoint": endpoint, "paired_pool": partners[name], "site": "lab"} for name, endpoint in pools.items()],
                    "authorization": {"allow_anonymous": "loopback"}, **extra}
        (self.folder / "agent.yml").write_text(json.dumps(settings, indent=1), encoding="utf-8")

    def quiet(self, agent):
        """No evaluation runs, and none begins for hours: a stop of the agent falls between two runs."""
        path = self.folder / "agent.yml"
        settings = json.loads(path.read_text(encoding="utf-8"))
        settings["global"] |= {"evaluation_interval": "12h", "stale_after": "24h"}
        path.write_text(json.dumps(settings, indent=1), encoding="utf-8")
        before = agent.value(RELOADED)
        agent.signal(signal.SIGHUP)

        def idle():
            page = agent.metrics()
            return agent.value(RELOADED, page) > before and not any(agent.series("sfb_backup_evaluation_running", page).values())
        self.wait(idle, lambda: f"the agent to be idle\n{agent.log()[-3000:]}")

    def journal(self, *events):
        """What the children wrote down, in order; only these events, if any are named."""
        entries = child.journal(self.journal_path) if self.journal_path.exists() else []
        return [entry for entry in entries if not events or entry["event"] in events]

    def violations(self):
        return [entry["text"] for entry in self.journal("violation")]

    def started(self, listener):
        """The pids of the processes that played this listener, in order."""
        return [entry["pid"] for entry in self.journal("start") if entry["listener"] == listener]

    def runs(self, pool):
        return [entry for entry in self.journal("pipeline") if entry["parameters"].get("poolfqdn") == pool]

    def children(self, agent):
        """The agent's children that are themselves by now: between its start and its exec one still bears the agent's name."""
        return [one for one in processes() if one.parent == agent.process.pid and one.command != agent.command]

    def leftovers(self):
        """Whatever of this test's programs still runs, whoever its parent is."""
        return [one for one in processes() if str(self.scenario_path) in one.command]

    def wait_no_leftovers(self):
        """All processes of this test ended; those that do not are ended, so that no test leaves any behind."""
        try:
            self.wait(lambda: not self.leftovers(), lambda: f"the end of {self.leftovers()}")
        finally:
            for one in self.leftovers():
                lab.kill(one.pid)

    def up(self, agent):
        return agent.by_pool("sfb_backup_up")

    def ill(self, agent):
        return sorted(pool for pool, up in self.up(agent).items() if not up)

    def failures(self, agent):
        """{(pool, reason): count} of all that failed."""
        return {(dict(labels)["pool"], dict(labels)["reason"]): value
                for labels, value in agent.series("sfb_backup_evaluation_failures_total").items() if value}

    def entries(self, agent, pool):
        """The history of a pool, newest first."""
        answer = agent.history(pool)
        return answer if isinstance(answer, list) else answer["history"]
