"""kill -9 at random moments, while pools are evaluated, states change and the configuration is loaded again: what stood on /metrics for
more than a second is there afterwards, and the file of the state always opens.

That second is promised of a disk that keeps up. A probe beside the agent says whether this machine did: it writes to the same disk
every twentieth of a second, and a round in which it had to wait does not count."""

import os
import random
import signal
import sqlite3
import threading
import time
import unittest

import lab
from lab import LabTest, status_object, utc, wrapper

POOL, BUSY = "atl.example.com", "chi.example.com"
MODULE = "A.B"
STATES = ["FinalState", "ErrorState", "SteadyState", "NonSteadyState"]
SINCE = f'sfb_backup_module_export_state_change_timestamp_seconds{{pool="{POOL}",module="{MODULE}"}}'
ROUNDS = 24  # that count
MOST_ROUNDS = 40
SLOW = 0.25  # seconds that the probe may wait: a write of the agent takes 0.2 s, and as long as the disk


def answer(pool, state):
    return wrapper(pool, status_object([MODULE], {MODULE: (state, "NormalState")}), when=utc())


class Background(threading.Thread):
    """Does something again and again until it is ended."""

    def __init__(self, every, work):
        super().__init__(daemon=True)
        self.every, self.work, self.ended = every, work, threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()

    def run(self):
        while not self.ended.wait(self.every()):
            self.work()


class Probe:
    """The longest that a small write took, with the wait for the processor before it."""

    def __init__(self, path):
        self.path, self.longest, self.last = path, 0.0, None

    def __call__(self):
        with open(self.path, "wb") as file:
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
        now = time.monotonic()
        if self.last is not None:
            self.longest = max(self.longest, now - self.last - 0.05)
        self.last = now

    def begin(self):
        self.longest, self.last = 0.0, None


class Kills(LabTest):
    def setUp(self):
        super().setUp()
        self.storage = self.folder / "state"
        self.seed = int(os.environ.get("SFB_SEED", "16"))
        self.random = random.Random(self.seed)
        self.configure(extra_global=", stale_after: 2h")

    def shows(self, agent, state):
        labels = f'pool="{POOL}",module="{MODULE}",sfb_backup_module_export_state="{state}"'
        return agent.value(f"sfb_backup_module_export_state{{{labels}}}") == 1

    def killed_round(self, state, probe):
        """The since-time and the entry of the history that stood for a second before the kill."""
        busy = random.Random(self.random.random())
        with self.agent(f"--storage.path={self.storage}") as agent:
            self.drop(POOL, answer(POOL, state))
            self.wait(lambda: self.shows(agent, state), f"{state} on the page")
            probe.begin()
            seen = time.monotonic()
            since = agent.value(SINCE)
            entry = next(each for each in agent.history(POOL)["history"] if each["changes"] or each["outcome"] == "good")
            change = lambda: self.drop(BUSY, answer(BUSY, busy.choice(STATES)), f"{BUSY}.clixml")  # noqa: E731
            reload = lambda: agent.signal(signal.SIGHUP)  # noqa: E731
            ask = lambda: agent.query(BUSY)  # noqa: E731
            with Background(lambda: busy.random() / 20, change), Background(lambda: busy.random() / 5, reload), \
                    Background(lambda: busy.random() / 20, ask):
                # The same state with a later date: where it was lost, a start would take this for the first.
                self.drop(POOL, answer(POOL, state), f"{POOL}.clixml")
                moment = seen + 1 + self.random.random() / 2
                time.sleep(max(0.0, moment - time.monotonic()))
            agent.process.kill()
            agent.process.wait()
        return since, entry

    def test_what_stood_on_the_page_for_a_second_is_there_after_a_kill(self):
        print(f"seed {self.seed}", flush=True)
        counted, probe = 0, Probe(self.folder / "probe")
        with Background(lambda: 0.05, probe):
            for i in range(MOST_ROUNDS):
                state = STATES[i % len(STATES)]
                since, entry = self.killed_round(state, probe)
                keeps_up = probe.longest < SLOW
                with self.agent(f"--storage.path={self.storage}") as agent:
                    told = f"round {i}, seed {self.seed}, longest wait of the probe {probe.longest:.3f} s"
                    self.assertIn("state read", agent.log(), f"the file always opens: {told}")
                    self.assertNotIn("damaged", agent.log(), told)
                    if keeps_up:
                        self.assertTrue(self.shows(agent, state), told)
                        self.assertEqual(agent.value(SINCE), since, told)
                        self.assertIn(entry["id"], {each["id"] for each in agent.history(POOL)["history"]}, told)
                        counted += 1
                    agent.process.kill()
                    agent.process.wait()
                if counted == ROUNDS:
                    break
        with sqlite3.connect(f"file:{self.storage}/state.db?mode=ro", uri=True) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        if counted < ROUNDS:
            lab.skip_part(f"{ROUNDS - counted} of {ROUNDS} kills: this machine was too busy to write within a second")


if __name__ == "__main__":
    unittest.main(verbosity=2)
