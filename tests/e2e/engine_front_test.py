"""A WS-Man listener before a process that speaks PSRP: agent, HTTP, WS-Man, process."""

import json
import os

import child
import lab

ATL, CHI = "atl.example.com", "chi.example.com"
LISTENER = {"name": "front", "listen": "127.0.0.1:0", "users": {"svc-sfbmon": "hunter2"}}


class Front(lab.LabTest):
    def front(self, inner=None, engine=None, **scenario):
        """The simulator before another one, which speaks --stdio and plays `inner`."""
        path = self.folder / "inner.yml"
        path.write_text(json.dumps({"listeners": [{"name": "inner"}], "pools": {ATL: {}, CHI: {}}, **(inner or {})}), encoding="utf-8")
        engine = engine or [str(lab.SIMULATOR), str(path), "--stdio", "--log", str(self.folder / "log")]
        return self.simulator({"listeners": [{**LISTENER, "server": {"engine": engine}}], **scenario})

    def agent_of(self, simulator, keys=None, **settings):
        self.configure_winrm({"front": {"url": simulator.url("front"), **(keys or {})}}, {ATL: "front", CHI: "front"},
                             settings={"evaluation_interval": "2s", "evaluation_timeout": "2s", **settings})
        return self.agent()

    def journal(self, *events):
        path = self.folder / "log"
        return [entry for entry in child.journal(path) if entry["event"] in events] if path.exists() else []

    def up(self, agent):
        return agent.by_pool("sfb_backup_up")

    def wait_up(self, agent):
        self.wait(lambda: self.up(agent) == {ATL: 1, CHI: 1}, lambda: f"both pools to be up: {self.up(agent)}\n{agent.log()[-3000:]}")

    def test_what_the_process_says_is_what_the_agent_shows(self):
        pools = {ATL: {"states": {"ConfServices.DataConf": "ErrorState,NormalState"}, "warning": "careful"}, CHI: {}}
        with self.front({"pools": pools}) as simulator:
            with self.agent_of(simulator) as agent:
                self.wait_up(agent)
                self.wait(lambda: len(self.journal("pipeline")) >= 6, "three evaluations of each pool")
                self.assertIn("ErrorState", agent.query(ATL).text)
                self.assertEqual({dict(labels)["pool"]: count for labels, count in
                                  agent.series("sfb_backup_evaluation_failures_total").items() if count}, {})
            self.wait_quiet(simulator)
            self.wait(lambda: len(self.journal("end")) == len(self.journal("start")), "each process to end")
        self.assertEqual(len(self.journal("open")), len(self.journal("start")))
        for entry in self.journal("end"):
            self.assertEqual((entry["orderly"], entry["pool_open"], entry["commands_open"]), (True, False, 0))
        self.assertEqual(self.journal("violation"), [])

    def test_a_process_that_dies_takes_its_shell_with_it(self):
        for act, action, before in (("exit", "Open", True), ("kill", "Command", True), ("exit", "Data", True), ("kill", "Data", False)):
            with self.subTest(act, action=action, before=before):
                (self.folder / "log").unlink(missing_ok=True)
                fault = {"do": act, "action": action, "child": 1, "before": before, **({"code": 3} if act == "exit" else {})}
                with self.front({"faults": [fault]}) as simulator, self.agent_of(simulator) as agent:
                    self.wait_up(agent)
                    self.assertFalse(self.journal("end")[0]["orderly"])
                    self.assertNotEqual({entry["pid"] for entry in self.journal("pipeline")} - {self.journal("end")[0]["pid"]}, set())
                self.assertEqual(self.journal("violation"), [])

    def test_an_end_in_mid_run_costs_one_shell(self):
        """It had cost two, one of them with a second run of the same command. And the reason is that of ssh."""
        fault = {"do": "exit", "code": 3, "action": "Data", "pool": CHI}
        with self.front({"faults": [fault]}) as simulator, self.agent_of(simulator) as agent:
            failed = lambda: {dict(labels)["reason"]: count for labels, count in agent.series("sfb_backup_evaluation_failures_total").items()
                              if count and dict(labels)["pool"] == CHI}
            self.wait(lambda: sum(failed().values()) >= 4, lambda: f"four failures: {failed()}")
            died = [entry for entry in self.journal("end") if not entry["orderly"]]
            self.assertEqual(set(failed()), {"process"})
            self.assertLessEqual(abs(len(died) - failed()["process"]), 1, "one process for each failed evaluation")
            entry = agent.history(CHI)["history"][0]
            self.assertEqual((entry["reason"], entry["code"], entry["stage"]), ("process", "winrm.exited", "query"), entry)
            self.assertEqual(self.up(agent), {ATL: 1, CHI: 0}, "the next one has a new session")
            actions = simulator.status()["requests_by_action"]
            self.assertLessEqual(actions["Create"], len(died) + 2)
        self.assertEqual(self.journal("violation"), [])

    def test_a_stop_is_carried_to_the_process(self):
        with self.front({"pools": {ATL: {"slow": "1h"}, CHI: {}}}) as simulator, self.agent_of(simulator, evaluation_timeout="1s") as agent:
            self.wait(lambda: self.up(agent).get(CHI) == 1, "the other pool to be up")
            self.wait(lambda: any(not entry["running"] for entry in self.journal("close")) and self.journal("signal"), "a stop")
        self.assertEqual(self.journal("violation"), [])

    def test_a_prompt_is_refused_through_it(self):
        with self.front({"pools": {ATL: {"host_call": True}, CHI: {}}}) as simulator, self.agent_of(simulator) as agent:
            self.wait(lambda: self.up(agent).get(CHI) == 1 and self.journal("close"), "the other pool to be up")
            failures = lambda: {dict(labels)["reason"] for labels, count in agent.series("sfb_backup_evaluation_failures_total").items()
                                if count and dict(labels)["pool"] == ATL}
            self.wait(failures, "a failure of the one that asks")
        self.assertEqual(self.journal("violation"), [])

    def test_a_program_that_is_not_there(self):
        with self.front(engine=["/nowhere/engine", "-s"]) as simulator, self.agent_of(simulator) as agent:
            said = lambda: "/nowhere/engine cannot be started: No such file or directory" in agent.log() + agent.history(ATL).__repr__()
            self.wait(said, lambda: f"the reason:\n{agent.log()}")

    def test_the_end_of_the_simulator_is_that_of_its_processes(self):
        with self.front() as simulator:
            with self.agent_of(simulator) as agent:
                self.wait_up(agent)
                lab.stop(simulator.process)
                for entry in self.journal("start"):
                    self.assertFalse(os.path.exists(f"/proc/{entry['pid']}"))
