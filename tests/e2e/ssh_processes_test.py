"""The child processes of transport ssh as /proc shows them: one for many pools, renewed and ended as they should be, nothing left behind."""

import os
import random
import signal
import subprocess
import time
import unittest

import lab
import ssh_lab
from ssh_lab import PATIENCE, SshTest

POOL = "atl.example.com"
QUICK = {"evaluation_interval": "1s", "evaluation_timeout": "1s"}
SITES = ("east", "west", "north")


class Processes(SshTest):
    def start(self, sites=("atlanta",), pools_each=1, settings=None, faults=(), pool=None, keys=None, server=None, arguments=()):
        names = {(POOL if len(sites) == pools_each == 1 else f"{site}-{i}.example.com"): site for site in sites for i in range(pools_each)}
        self.write_scenario({"listeners": [{"name": site, "server": server or {}} for site in sites], "faults": list(faults),
                             "pools": {name: pool or {} for name in names}})
        self.configure_ssh({site: {"program": self.program(site, *arguments), **(keys or {})} for site in sites}, names, settings=settings or QUICK)
        return self.agent()

    def tearDown(self):
        self.wait_no_leftovers()
        self.assertEqual(self.violations(), [])

    def evaluations(self, agent):
        return sum(agent.series("sfb_backup_evaluations_total").values())

    def ended(self, pid):
        return [entry for entry in self.journal("end") if entry["pid"] == pid]

    def wait_for_runs(self, count, pool=POOL):
        self.wait(lambda: len(self.runs(pool)) >= count, lambda: f"{count} runs, not {len(self.runs(pool))}", 40)


class Life(Processes):
    def test_one_serves_all_pools_of_its_endpoint(self):
        with self.start(SITES, 4, settings=PATIENCE) as agent:
            self.wait(agent.ready, "ready")
            start = self.evaluations(agent)
            seen = set()
            while self.evaluations(agent) - start < 40:
                for one in self.children(agent):
                    seen.add(one.pid)
                    self.assertEqual((one.command[0], one.group), (str(lab.SIMULATOR), one.pid))  # no shell in between
            self.assertEqual(seen, {self.started(site)[0] for site in SITES})
            self.assertEqual(self.failures(agent), {})
            agent.signal(signal.SIGTERM)
            self.assertEqual(agent.process.wait(lab.WAIT), 0, agent.log())
            self.assertEqual([ssh_lab.is_gone(pid) for pid in seen], [True] * 3, "ended before the agent")
        self.assertEqual({entry["orderly"] for entry in self.journal("end")}, {True})
        self.assertNotIn("level=error", agent.log())

    def test_one_is_renewed_when_it_is_too_old(self):
        with self.start(keys={"session": {"max_age": "7s"}}, settings=PATIENCE) as agent:
            self.wait(lambda: len(self.started("atlanta")) >= 3, "the third process", 60)
            self.assertEqual(self.failures(agent), {})
            first = self.started("atlanta")[0]
            self.assertGreater(len([run for run in self.runs(POOL) if run["pid"] == first]), 1)
            self.assertTrue(self.ended(first)[0]["orderly"])
            self.wait(lambda: len(self.children(agent)) == 1, "one to be left")

    def test_a_reload_ends_those_of_an_endpoint_that_is_gone(self):
        with self.start(("east", "west")) as agent:
            self.wait(agent.ready, "ready")
            pids = {site: self.started(site)[0] for site in ("east", "west")}
            self.configure_ssh({"west": {}}, {"west-0.example.com": "west"}, settings=QUICK)
            agent.signal(signal.SIGHUP)
            self.wait(lambda: ssh_lab.is_gone(pids["east"]), "the end of its process")
            self.assertTrue(self.ended(pids["east"])[0]["orderly"])
            self.wait(lambda: self.up(agent) == {"west-0.example.com": 1}, "the other one to go on")

    def test_a_reload_in_mid_run_ends_what_runs(self):
        with self.start(("east", "west"), pool={"slow": "2s"}, settings={"evaluation_interval": "10s", "evaluation_timeout": "10s"}) as agent:
            self.wait(lambda: len(self.journal("pipeline")) == 2, "both to run")
            self.configure_ssh({"west": {}}, {"west-0.example.com": "west"}, settings=QUICK)
            agent.signal(signal.SIGHUP)
            pid = self.started("east")[0]
            self.wait(lambda: ssh_lab.is_gone(pid), "the end of its process")
            self.assertEqual((self.ended(pid)[0]["orderly"], self.ended(pid)[0]["commands_open"]), (True, 0))

    def test_they_end_when_the_agent_is_killed(self):
        for pool in ({}, {"slow": "1h"}):
            with self.subTest(pool=pool):
                running = lambda: {run["pid"] for run in self.journal("pipeline")}
                before = running()
                with self.start(SITES, pool=pool, settings={"evaluation_interval": "60s", "evaluation_timeout": "60s"}) as agent:
                    self.wait(lambda old=before: len(running() - old) == len(SITES), "all to run")
                    agent.process.kill()
                    agent.process.wait()
                self.wait_no_leftovers()  # they see the end of stdin
                self.assertEqual({entry["orderly"] for entry in self.journal("end")}, {True})
                self.assertEqual(len(self.journal("end")), len(self.journal("start")))

    def test_a_stop_of_the_agent_in_mid_run(self):
        for deaf in (False, True):
            with self.subTest(deaf=deaf), self.start(pool={"slow": "1h"}, server={"deaf": deaf},
                                                     settings={"evaluation_interval": "60s", "evaluation_timeout": "60s"}) as agent:
                before = len(self.journal("pipeline"))
                self.wait(lambda n=before: len(self.journal("pipeline")) > n, "the cmdlet to run")
                agent.signal(signal.SIGTERM)
                self.assertEqual(agent.process.wait(lab.WAIT), 0, agent.log())
                self.assertEqual(self.leftovers(), [])
                pid = self.started("atlanta")[-1]
                events = [entry["event"] for entry in self.journal() if entry["pid"] == pid]
                # One that does not hear its stop lingers behind the end of stdin, and is killed.
                self.assertEqual(events[:5], ["start", "open", "pipeline", "signal", "close"])
                if not deaf:
                    self.assertEqual(events[5:], ["close_pool", "end"])

    def test_a_query_that_is_cut_off_is_stopped(self):
        """It waited for another one, so its time is over in the middle of its run."""
        late = "late.example.com"
        self.write_scenario({"listeners": [{"name": "atlanta"}], "pools": {POOL: {"slow": "3s"}, late: {"slow": "1h"}}})
        self.configure_ssh({"atlanta": {}}, {POOL: "atlanta", late: "atlanta"}, settings={"evaluation_interval": "1h", "evaluation_timeout": "6s"})
        ask = lambda pool: subprocess.Popen([lab.ASK, "-PoolFqdn", pool, "-Force"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                            env={"SFB_BACKUP_EXPORTER_URL": f"http://{agent.address}"})
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            self.wait(lambda: len(self.journal("close")) == 2, "both evaluations to be over")
            self.assertEqual((self.failures(agent), len(self.journal("signal"))), ({(late, "timeout"): 1}, 1))
            first = ask(POOL)
            self.wait(lambda: len(self.runs(POOL)) == 2, "the first query to run")
            second = ask(late)
            self.assertEqual(first.wait(lab.WAIT), 0)
            self.assertNotEqual(second.wait(lab.WAIT), 0)
            self.assertEqual(len(self.runs(late)), 2, "it ran")
            self.wait(lambda: len(self.journal("close")) == 4, "the stop")
            self.assertEqual([entry["event"] for entry in self.journal()[-3:]], ["pipeline", "signal", "close"])
            self.assertEqual(ask(POOL).wait(lab.WAIT), 0)
            self.assertEqual([one.pid for one in self.children(agent)], self.started("atlanta"), "one process for all of this")


class Trouble(Processes):
    def test_one_that_was_killed_while_idle_costs_nothing(self):
        with self.start(keys={"session": {"max_pipelines": 1000}}, settings=PATIENCE) as agent:
            for turn in range(1, 4):
                self.wait_for_runs(2 * turn)
                closed = lambda n=len(self.runs(POOL)): len(self.journal("close")) > n
                pid = self.started("atlanta")[-1]
                self.wait(closed, "it to be idle")
                lab.kill(pid)
                self.wait(lambda n=turn: len(self.started("atlanta")) > n, "another one")
            self.wait_for_runs(8)
            self.assertEqual((self.failures(agent), self.ill(agent)), ({}, []))
            self.assertRegex(agent.log(), "an idle process had ended.*killed by SIGKILL")

    def test_one_that_ends_at_the_command_is_replaced_once(self):
        """The second command of the first process, then the first of the next one: twice in a run is a reason."""
        faults = [{"child": 1, "action": "Command", "nth": 3, "do": "exit", "code": 7, "text": "once"},
                  {"child": 2, "action": "Command", "nth": 3, "do": "exit", "code": 7, "text": "twice"},
                  {"child": 3, "action": "Command", "do": "exit", "code": 8, "text": "and again"}]
        with self.start(faults=faults, settings=PATIENCE) as agent:
            self.wait(lambda: len(self.started("atlanta")) >= 4, "the fourth process", 60)
            self.wait_for_runs(8)
            self.assertEqual(self.failures(agent), {(POOL, "process"): 1})
            entry = [entry for entry in self.entries(agent, POOL) if entry.get("code")][0]
            self.assertEqual((entry["code"], entry["stage"]), ("ssh.exited", "query"))
            self.assertIn("exit status 8", str(entry))
            self.assertIn("and again", str(entry))

    def test_one_that_does_not_go_is_ended(self):
        """By SIGTERM; by SIGKILL if it ignores that; with all that it started."""
        kinds = {"lingers": [{"do": "linger"}], "ignores": [{"do": "linger", "term": False}], "stalls": [{"do": "stall", "action": "Close"}]}
        faults = [{"listener": site, "action": "Start", **fault} for site, more in kinds.items() for fault in more]
        wrapper = self.folder / "family"
        # A grandchild that ignores whatever can be ignored, and holds nothing open.
        wrapper.write_text('#!/bin/sh\n(trap "" TERM HUP INT; exec sleep 3600) < /dev/null > /dev/null 2>&1 &\nexec "$@"\n', encoding="utf-8")
        wrapper.chmod(0o755)
        self.write_scenario({"listeners": [{"name": site} for site in kinds], "faults": faults, "pools": {f"{site}.example.com": {} for site in kinds}})
        self.configure_ssh({site: {"program": [str(wrapper), *self.program(site)], "session": {"reuse": False}} for site in kinds},
                           {f"{site}.example.com": site for site in kinds}, settings={"evaluation_interval": "3s", "evaluation_timeout": "3s"})
        families = lambda agent: [one for one in ssh_lab.processes() if one.group in started() and one.pid not in started()]
        started = lambda: {entry["pid"] for entry in self.journal("start")}
        with self.agent() as agent:
            self.wait(lambda: min(len(self.started(site)) for site in kinds) >= 1, "all to run")
            self.wait(lambda: families(agent), "grandchildren")
            first = [self.started(site)[0] for site in kinds]
            self.wait(lambda: all(map(ssh_lab.is_gone, first)), lambda: f"the end of {first}")
            self.wait(lambda: min(len(self.started(site)) for site in kinds) >= 2, "others", 40)
            self.assertEqual(self.failures(agent), {})
            self.assertEqual(agent.log().count("ending a process failed"), 0)
        self.wait(lambda: not families(agent), lambda: f"no grandchildren: {families(agent)}")

    def test_programs_that_speak_something_else(self):
        script = self.folder / "script"
        script.write_text("#!/bin/sh\necho A banner.\nexec sleep 3600\n", encoding="utf-8")
        no_program, no_mode = self.folder / "vanishes", self.folder / "mode"
        for path in (no_program, no_mode):
            path.write_text("#!/bin/true\n", encoding="utf-8")
        for path in (script, no_program, no_mode):
            path.chmod(0o755)
        cases = {"true": (["/bin/true"], "process", "ssh.exited", "exit status 0"), "false": (["/bin/false"], "process", "ssh.exited", "exit status 1"),
                 "sleep": (["/bin/sleep", "3600"], "timeout", "ssh.timeout", ""), "cat": (["/bin/cat"], "timeout", "ssh.timeout", "DataAck is missing"),
                 "banner": ([str(script)], "protocol", "psrp.not_a_packet", "A banner."),
                 "vanishes": ([str(no_program)], "process", "process.start", str(no_program)),
                 "mode": ([str(no_mode)], "process", "process.start", str(no_mode)),
                 "closes": (["/bin/sh", "-c", "exec >&-; echo Bye. >&2; sleep 3600"], "process", "ssh.exited", "closed its output")}
        self.write_scenario({"listeners": [{"name": "none"}]})
        self.configure_ssh({name: {"program": program} for name, (program, *_) in cases.items()}, {f"{name}.example.com": name for name in cases})
        with self.agent() as agent:
            no_program.unlink()
            no_mode.chmod(0o644)
            failed = lambda: {pool: [entry for entry in self.entries(agent, pool) if entry.get("code")] for pool in (f"{name}.example.com" for name in cases)}
            self.wait(lambda: all(failed().values()), "all to fail")
            for name, (_, reason, code, text) in cases.items():
                with self.subTest(name=name):
                    entry = failed()[f"{name}.example.com"][0]
                    self.assertEqual((entry["reason"], entry["code"]), (reason, code), entry)
                    self.assertIn(text, str(entry))


class Storm(Processes):
    ACTS = [{"do": "kill"}, {"do": "kill", "before": False}, {"do": "exit", "code": 9, "text": "Enough."}, {"do": "garbage", "text": "Hello."},
            {"do": "malformed_xml"}, {"do": "cut_line"}, {"do": "wrong_ack"}, {"do": "ack_twice"}, {"do": "ack_first"}, {"do": "joined"},
            {"do": "split"}, {"do": "bad_base64"}, {"do": "error_line", "text": "Trouble."}, {"do": "stderr", "text": "Trouble."},
            {"do": "huge_line"}, {"do": "hang"}, {"do": "stall"}, {"do": "deaf"}, {"do": "no_ack"}, {"do": "linger"}, {"do": "linger", "term": False}]
    EVALUATIONS = 200

    def spare(self, agent):
        """The agent's descriptors beside three pipes and a pidfd of each child, as seen at a moment in which none came or went."""
        look = lambda: (len(self.children(agent)), agent.descriptors())
        count, descriptors = self.wait(lambda: first if (first := look()) == look() else None, "a quiet moment")
        return descriptors - 4 * count

    def test_nothing_is_left_behind(self):
        seed = int(os.environ.get("SFB_SEED", "20261126"))
        print(f"SFB_SEED={seed}", end=" ", flush=True)
        dice = random.Random(seed)
        steps = ("Start", "Open", "Command", "Data", "Close", "ClosePool")
        # Every second process has one thing that goes wrong at its n-th chance.
        faults = [{"listener": site, "child": number, "action": dice.choice(steps), "nth": dice.choice((1, 1, 2, 3)), **dice.choice(self.ACTS)}
                  for site in SITES for number in range(2, 400, 2)]
        for fault in faults:
            fault["nth"] = 1 if fault["action"] in ("Start", "Open", "ClosePool") else fault["nth"]
        with self.start(SITES, 3, faults=faults, keys={"session": {"max_pipelines": 4}}) as agent:
            self.wait(lambda: self.evaluations(agent) >= 9, "the first evaluations")
            before = self.spare(agent)
            begun, zombies, strangers, most = self.evaluations(agent), {}, [], 0
            end = time.monotonic() + 240
            while self.evaluations(agent) - begun < self.EVALUATIONS:
                self.assertLess(time.monotonic(), end, agent.log()[-3000:])
                children = self.children(agent)
                zombies = {one.pid: zombies.get(one.pid, 0) + 1 for one in children if one.state == "Z"}
                self.assertLess(max(zombies.values(), default=0), 20, "a zombie that stays")
                strangers += [one for one in children if one.state != "Z" and one.command and one.command[0] != str(lab.SIMULATOR)]
                most = max(most, len(children))
                time.sleep(0.05)
            self.assertEqual(strangers, [])
            # One of each endpoint and one beside it, while the first is being cleared.
            self.assertLessEqual(most, 2 * len(SITES) + 1)
            self.assertGreater(len(self.journal("fault")), self.EVALUATIONS // 10)
            # A process reads its scenario when it starts: the next ones are healthy.
            self.write_scenario({"listeners": [{"name": site} for site in SITES], "pools": {f"{site}-{i}.example.com": {} for site in SITES for i in range(3)}})
            starts = {site: len(self.started(site)) for site in SITES}
            self.wait(lambda: all(len(self.started(site)) > starts[site] + 1 for site in SITES), "fresh processes", 60)
            self.wait(lambda: not self.ill(agent), lambda: f"{self.ill(agent)} to heal\n{agent.log()[-3000:]}", 40)
            self.wait(lambda: self.spare(agent) <= before, lambda: f"{before} descriptors, not {self.spare(agent)}")
            agent.signal(signal.SIGTERM)
            self.assertEqual(agent.process.wait(lab.WAIT), 0, agent.log())
            self.assertEqual(self.leftovers(), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
