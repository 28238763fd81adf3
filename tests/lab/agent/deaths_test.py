"""Microsoft's engine ends, is killed, is silent, slow or deaf at every step: what the agent says, and that nothing of it is left."""

import pathlib
import signal
import unittest

import engine
import expected

DIE_AT_CLOSE = pathlib.Path(__file__).with_name("die_at_close.py")


def setUpModule():
    engine.need_lab()


class Deaths(engine.EngineTest):
    MORE = {
        "slow": [{"do": "status"}, {"do": "sleep", "seconds": 600}],
        "deaf": [{"do": "status"}, {"do": "hang", "seconds": 600}],
    }

    def assert_process(self, answer, words):
        self.assert_failed(answer, 502, "process", "ssh.exited", "query")
        self.assertIn(words, answer.entry["message"] + answer.text)

    def test_death_in_a_run_and_between_runs(self):
        names = ["exit-before", "exit-middle", "die-before", "die-middle", "noise", "healthy"]
        self.configure_engine({"full": {}, "sshs": {"mode": "-sshs"}}, {"full": names, "sshs": ["noise", "healthy"]})
        with self.agent() as agent:
            self.wait(agent.ready, "the first cycle")
            self.assert_process(self.ask(agent, "exit-before.full"), "exit status 3")
            self.assert_process(self.ask(agent, "exit-middle.full"), "exit status 3")
            self.assert_process(self.ask(agent, "die-before.full"), "SIGKILL")
            self.assert_process(self.ask(agent, "die-middle.full"), "SIGKILL")
            self.assert_failed(self.ask(agent, "noise.full"), 502, "protocol", "psrp.not_a_packet", "query")
            self.assert_failed(self.ask(agent, "noise.sshs"), 502, "protocol", "psrp.not_a_packet", "query")
            for endpoint in ("full", "sshs"):
                expected.check_good(self, agent, "healthy", endpoint)
            # An idle one that is killed is missed at once, or replaced by the run that finds it so.
            self.wait(lambda: len(self.children(agent)) == 2, "one process for each endpoint")
            self.kill_all(lambda: self.children(agent))
            self.assert_good(self.ask(agent, "healthy.full"))
            self.wait(lambda: len(self.children(agent)) == 1, "the other one's end")
            self.assert_no_zombies(agent)

    def test_death_before_it_speaks(self):
        start = {
            "exit": [{"do": "stderr", "text": "no licence here"}, {"do": "exit", "status": 7}],
            "died": [{"do": "stderr", "text": "out of memory"}, {"do": "die"}],
            "talk": [{"do": "stdout", "text": "Welcome to fe1"}, {"do": "stderr", "text": "motd"}],
            "mute": [{"do": "stderr", "text": "waiting for a lock"}, {"do": "hang", "seconds": 600}],
        }
        self.configure_engine({name: {"start": steps} for name, steps in start.items()},
                              {name: {"healthy": "4s" if name == "mute" else "60s"} for name in start})
        with self.agent() as agent:
            answer = self.ask(agent, "healthy.exit")
            self.assert_failed(answer, 502, "process", "ssh.exited", "open")
            self.assertIn("exit status 7", answer.entry["message"])
            self.assertIn("no licence here", answer.text)
            answer = self.ask(agent, "healthy.died")
            self.assert_failed(answer, 502, "process", "ssh.exited", "open")
            self.assertIn("SIGKILL", answer.entry["message"])
            answer = self.ask(agent, "healthy.talk")
            self.assert_failed(answer, 502, "protocol", "psrp.not_a_packet", "open")
            self.assertIn("Welcome to fe1", answer.text)
            answer = self.ask(agent, "healthy.mute")
            self.assert_failed(answer, 504, "timeout", "ssh.timeout", "open")
            self.assertIn("waiting for a lock", answer.text)
            # Healed by the next start.
            self.scenario("exit")
            self.assert_good(self.ask(agent, "healthy.exit"))
            self.wait(lambda: len(self.children(agent)) == 1, "the silent one's end")
            self.assert_no_zombies(agent)

    def test_death_while_the_session_opens_and_while_a_run_is_stopped(self):
        # The session's start-up script ends the process when the pool is half open.
        (self.folder / "start.ps1").write_text("[Environment]::Exit(5)\n", encoding="ascii")
        session = self.folder / "dying.pssc"
        session.write_text(f"@{{ SchemaVersion = '2.0.0.0'; GUID = '7a1a1d5e-1111-4c56-8d0f-54f3a1f0b906'; SessionType = 'Default'; "
                           f"ScriptsToProcess = '{self.folder / 'start.ps1'}' }}\n", encoding="ascii")
        self.configure_engine({"open": {"session": session}, "stop": {}}, {"open": ["healthy"], "stop": {"healthy": "60s", "deaf": "3s"}})
        with self.agent() as agent:
            self.wait(agent.ready, "the first cycle")
            answer = self.ask(agent, "healthy.open")
            self.assert_failed(answer, 502, "process", "ssh.exited", "open")
            self.assertIn("exit status 5", answer.entry["message"])
            self.assert_good(self.ask(agent, "healthy.stop"))
            self.assert_failed(self.ask(agent, "deaf.stop"), 504, "timeout", "ssh.timeout", "query")
            self.kill_all(lambda: self.children(agent))
            self.assert_good(self.ask(agent, "healthy.stop"))
            self.wait(lambda: len(self.children(agent)) == 1, "nobody but the one that serves")
            self.assert_no_zombies(agent)

    def test_death_at_a_close(self):
        """What closes has its answer already: a death then costs nobody anything."""
        def dying(endpoint, what):
            return {"transport": "ssh", "program": ["/usr/bin/python3", str(DIE_AT_CLOSE), what, str(self.folder / f"{endpoint}.deaths"), *self.program(endpoint)]}

        self.configure_endpoints({"full": dying("full", "command"), "sess": {**dying("sess", "session"), "session": {"reuse": False}}},
                                 {"full": ["healthy", "failing"], "sess": ["healthy", "failing"]})
        with self.agent() as agent:
            self.wait(agent.ready, "the first cycle")
            for endpoint in ("full", "sess"):
                for name in ("healthy", "failing", "healthy"):
                    expected.check_good(self, agent, name, endpoint)
            self.assertEqual(sum(agent.series("sfb_backup_evaluation_failures_total").values()), 0, agent.log())
            self.wait(lambda: not self.children(agent), lambda: f"the end of {self.children(agent)}")
            for endpoint in ("full", "sess"):
                deaths = (self.folder / f"{endpoint}.deaths").read_text(encoding="ascii").splitlines()
                self.assertGreaterEqual(len(deaths), 3, f"one for each answer of {endpoint}")
            self.assert_no_zombies(agent)

    def test_slow_and_deaf(self):
        self.configure_engine({"full": {}}, {"full": {"healthy": "60s", "slow": "3s", "deaf": "3s"}})
        with self.agent() as agent:
            self.wait(agent.ready, "the first cycle")
            self.assert_good(self.ask(agent, "healthy.full"))
            # The schedule's deaf one may still be on its way out.
            self.wait(lambda: len(self.children(agent)) == 1, "one process")
            self.assert_failed(self.ask(agent, "slow.full"), 504, "timeout", "ssh.timeout", "query")
            # It heard the stop and serves on, or says so too late on a busy machine and is ended.
            self.assert_good(self.ask(agent, "healthy.full"))
            self.wait(lambda: len(self.children(agent)) == 1, "one process again")
            first = self.children(agent)
            self.assert_failed(self.ask(agent, "deaf.full"), 504, "timeout", "ssh.timeout", "query")
            # Deaf: another process serves, and the first is ended.
            self.assert_good(self.ask(agent, "healthy.full"))
            self.wait(lambda: len(self.children(agent)) == 1, "the deaf one's end")
            self.assertNotEqual(self.children(agent), first)
            self.assert_no_zombies(agent)

    def test_the_agents_end_takes_those_that_are_busy_with_it(self):
        self.configure_engine({"full": {}, "idle": {}}, {"full": ["deaf"], "idle": ["healthy"]})
        with self.agent() as agent:
            self.assert_good(self.ask(agent, "healthy.idle"))
            with engine.background(engine.query, agent, "deaf.full.example.com", **{"as": "json"}):
                self.wait(lambda: agent.value('sfb_backup_evaluation_running{pool="deaf.full.example.com"}') == 1, "the run")
                self.wait(lambda: len(self.children(agent)) == 2, "the second process")
                agent.signal(signal.SIGTERM)
                self.assertEqual(agent.process.wait(engine.WAIT), 0)
        # nothing_left is the rest of this test.


if __name__ == "__main__":
    unittest.main()
