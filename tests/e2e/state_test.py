"""The state (--storage.path): what outlives the process, however it ended; what becomes of it when its disk or file is ill."""

import os
import random
import shutil
import sqlite3
import stat
import subprocess
import time
import unittest

from lab import Agent, LabTest, status_object, wrapper

POOL = "atl.example.com"
OTHER = "chi.example.com"
MODULE = "A.B"
SINCE = f'sfb_backup_module_export_state_change_timestamp_seconds{{pool="{POOL}",module="{MODULE}"}}'
HEALTHY = f'sfb_backup_module_export_last_healthy_timestamp_seconds{{pool="{POOL}",module="{MODULE}"}}'
SUCCESS = f'sfb_backup_last_evaluation_success_timestamp_seconds{{pool="{POOL}"}}'
WORKING = f'sfb_backup_service_working{{pool="{POOL}"}}'
UP = f'sfb_backup_up{{pool="{POOL}"}}'
WRITABLE = "sfb_backup_exporter_state_database_writable"


def answer(state, pool=POOL, **keys):
    return wrapper(pool, status_object([MODULE], {MODULE: (state, "NormalState")}), **keys)


class State(LabTest):
    def setUp(self):
        super().setUp()
        self.storage = self.folder / "state"
        self.seed = int(os.environ.get("SFB_SEED", "15"))
        self.random = random.Random(self.seed)

    def started(self, *arguments, **keys):
        return self.agent(f"--storage.path={self.storage}", *arguments, **keys)

    def kill(self, agent):
        agent.process.kill()
        agent.process.wait()

    def rows(self, query):
        with sqlite3.connect(f"file:{self.storage}/state.db?mode=ro", uri=True) as database:
            return database.execute(query).fetchall()

    def stored(self, state):
        """The state, seen by another process, holds this state of the module and an answer."""
        return any(f"\t{state}\t" in memory for (memory,) in self.rows(
            f"SELECT memory FROM pool WHERE pool = '{POOL}' AND answer <> ''"))

    def shows(self, agent, state):
        labels = f'pool="{POOL}",module="{MODULE}",sfb_backup_module_export_state="{state}"'
        return agent.value(f"sfb_backup_module_export_state{{{labels}}}") == 1

    def test_since_times_and_the_last_answer_last_over_a_kill(self):
        self.configure()
        self.drop(POOL, answer("FinalState"))
        self.drop(OTHER, answer("FinalState", OTHER))
        with self.started() as agent:
            self.wait(lambda: self.shows(agent, "FinalState"), "the first answer")
            self.drop(POOL, answer("ErrorState"))
            self.wait(lambda: self.shows(agent, "ErrorState"), "the change")
            before = {series: agent.value(series) for series in (SINCE, HEALTHY, SUCCESS)}
            history = agent.history(POOL)["history"]
            self.wait(lambda: self.stored("ErrorState"), "the change to be on disk")
            self.kill(agent)
        # Nothing can be asked any more: what is shown comes from the state alone.
        shutil.rmtree(self.folder / "exports")
        (self.folder / "exports").mkdir()
        with self.started() as agent:
            self.assertEqual({series: agent.value(series) for series in before}, before)
            self.assertTrue(self.shows(agent, "ErrorState"))
            self.assertEqual(agent.value(WORKING), 0)
            kept = {entry["id"] for entry in agent.history(POOL)["history"]}
            self.assertLessEqual({entry["id"] for entry in history}, kept)
            self.wait(lambda: agent.value(UP) == 0, "the first failure")
            self.assertEqual(agent.value(SINCE), before[SINCE])
            self.drop(POOL, answer("ErrorState"))
            self.wait(lambda: agent.value(UP) == 1, "an answer")
            self.assertEqual(agent.value(SINCE), before[SINCE], "the state is the same since then")
        self.assertEqual(stat.S_IMODE(os.stat(self.storage / "state.db").st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(self.storage).st_mode), 0o700)

    def test_up_stays_absent_until_something_was_asked(self):
        self.configure()
        self.drop(POOL, answer("FinalState"))
        with self.started() as agent:
            self.wait(lambda: self.stored("FinalState"), "the answer to be on disk")
            self.kill(agent)
        # Evaluations begin spread over the interval: in a long one the page comes first.
        text = (self.folder / "agent.yml").read_text(encoding="utf-8")
        (self.folder / "agent.yml").write_text(text.replace("evaluation_interval: 2s", "evaluation_interval: 1h"), encoding="utf-8")
        with self.started() as agent:
            page = agent.metrics()
            if f"{UP} " not in page:
                self.assertIn(f"{WORKING} 1", page)
            self.assertIn(f"{SUCCESS} ", page)

    def test_a_pool_that_failed_is_not_well_after_a_restart(self):
        self.configure()
        self.drop(POOL, answer("FinalState"))
        with self.started() as agent:
            self.wait(lambda: agent.value(WORKING) == 1, "the first answer")
            (self.folder / "exports" / f"{POOL}.clixml").unlink()
            self.wait(lambda: agent.value(UP) == 0, "the failure")
            self.wait(lambda: any("\nfailure\t" in row for (row,) in self.rows(f"SELECT knowledge FROM pool WHERE pool = '{POOL}'")),
                      "the failure to be on disk")
            self.kill(agent)
        text = (self.folder / "agent.yml").read_text(encoding="utf-8")
        (self.folder / "agent.yml").write_text(text.replace("evaluation_interval: 2s", "evaluation_interval: 1h"), encoding="utf-8")
        with self.started() as agent:
            pool = agent.request(f"/api/v1/pools/{POOL}").json()
            self.assertEqual(pool["failure"]["code"], "file.missing", "as if it were well")
            self.assertEqual(len(agent.series("sfb_backup_current_failure")), 2, "and of the other pool, which never answered")

    def test_another_account_or_path_starts_anew(self):
        self.configure()
        self.drop(POOL, answer("FinalState"))
        with self.started() as agent:
            self.wait(lambda: agent.value(SUCCESS) is not None, "an answer")
        self.configure(path="elsewhere-{pool}.clixml")
        with self.started() as agent:
            self.assertIsNone(agent.value(SUCCESS))
            self.assertIsNone(agent.value(SINCE))
            self.wait_logged(agent, "starts anew")

    def test_a_pool_that_a_reload_loses_is_told_and_comes_back_with_its_history(self):
        self.configure()
        self.drop(POOL, answer("FinalState"))
        self.drop(OTHER, answer("FinalState", OTHER))
        with self.started() as agent:
            self.wait(lambda: len(self.rows("SELECT * FROM pool WHERE answer <> ''")) == 2, "both pools in the state")
            since, others = agent.value(SINCE), agent.value(SINCE.replace(POOL, OTHER))
            first = agent.history(OTHER)["history"][-1]
            self.configure({POOL: "partner.example.com"})
            agent.signal(1)
            self.wait(lambda: f"pools={OTHER}" in agent.log(), "the lost pool to be told")
            self.wait_logged(agent, "not asked any more")
            self.assertEqual(agent.request(f"/api/v1/pools/{OTHER}").status, 404)
            self.assertEqual(agent.value(SINCE), since)
            self.configure()
            agent.signal(1)
            self.wait(lambda: agent.request(f"/api/v1/pools/{OTHER}").status == 200, "the pool to come back")
            self.assertEqual(agent.value(SINCE.replace(POOL, OTHER)), others)
            self.assertEqual(agent.history(OTHER)["history"][-1], first)
            self.configure({POOL: "partner.example.com"})
        # And over a restart that does not know it, as after a wrong file was rolled out.
        with self.started() as agent:
            self.wait(lambda: "the state holds pools that are not asked" in agent.log(), "the line in the log")
            self.assertEqual(agent.value(SINCE), since)
        self.configure()
        with self.started() as agent:
            self.assertEqual(agent.value(SINCE.replace(POOL, OTHER)), others)
            self.assertEqual(agent.history(OTHER)["history"][-1], first)

    def test_a_broken_file_is_set_aside(self):
        self.configure()
        self.storage.mkdir(mode=0o700)
        (self.storage / "state.db").write_bytes(b"SQLite format 3\0" + b"broken" * 5000)
        self.drop(POOL, answer("FinalState"))
        with self.started() as agent:
            self.assertIn("the state is damaged", agent.log())
            self.assertEqual(agent.value("sfb_backup_exporter_state_database_set_aside_total"), 1)
            self.wait(lambda: agent.value(SUCCESS) is not None, "an answer")
            self.wait(lambda: self.rows("SELECT pool FROM pool"), "rows in the new file")
            self.assertEqual(agent.value(WRITABLE), 1)
        self.assertEqual(len(list(self.storage.glob("state.db.broken-*"))), 1)

    def test_a_newer_file_is_left_untouched(self):
        self.configure()
        self.storage.mkdir(mode=0o700)
        with sqlite3.connect(self.storage / "state.db") as database:
            database.executescript("CREATE TABLE pool (a); PRAGMA application_id = 1397113427; PRAGMA user_version = 99")
        before = (self.storage / "state.db").read_bytes()
        self.drop(POOL, answer("FinalState"))
        with self.started() as agent:
            self.assertIn("newer version", agent.log())
            self.assertEqual(agent.value('sfb_backup_exporter_log_messages_total{level="error"}'), 1, "also the first line counts")
            self.wait(lambda: agent.value(WORKING) == 1, "an answer, without a state")
            self.assertEqual(agent.value(WRITABLE), 0)
        self.assertEqual((self.storage / "state.db").read_bytes(), before)

    def test_an_older_file_becomes_new(self):
        self.configure()
        self.drop(POOL, answer("FinalState"))
        with self.started() as agent:
            self.wait(lambda: agent.value(SUCCESS) is not None, "an answer")
            since = agent.value(SINCE)
        with sqlite3.connect(self.storage / "state.db") as database:
            database.executescript("DROP TABLE group_sid; DROP TABLE pushed; DROP TABLE session; DROP INDEX history_of_pool; DROP INDEX history_time;"
                                   "ALTER TABLE history DROP COLUMN ring; PRAGMA user_version = 1")
        with self.started() as agent:
            self.assertEqual(agent.value(SINCE), since)
            self.assertEqual(agent.value(WRITABLE), 1)
        self.assertEqual(self.rows("PRAGMA user_version"), [(4,)])

    def test_a_second_agent_works_without_a_state(self):
        self.configure()
        self.drop(POOL, answer("FinalState"))
        with self.started() as first:
            self.wait(lambda: first.value(WRITABLE) == 1, "the first agent's state")
            first_log = first.log()
            other = self.folder / "second"
            other.mkdir()
            shutil.copy(self.folder / "agent.yml", other / "agent.yml")
            with Agent(other, f"--storage.path={self.storage}") as second:
                self.assertIn("another agent uses the state", second.log())
                self.wait(lambda: second.value(WORKING) == 1, "an answer without a state")
                self.assertEqual(second.value(WRITABLE), 0)
            self.assertNotIn("cannot be used", first_log)

    def test_a_folder_that_cannot_be_used_is_told_and_worked_around(self):
        """The rows of deploy/state.md."""
        self.configure()
        self.drop(POOL, answer("FinalState"))
        file, open_to_all = self.folder / "file", self.folder / "open"
        file.write_text("x", encoding="utf-8")
        open_to_all.mkdir()
        open_to_all.chmod(0o777)
        for folder, said in ((self.folder / "missing" / "state", "cannot be made"), (file, "is no folder"), (open_to_all, "others may write")):
            with self.subTest(folder=folder), self.agent(f"--storage.path={folder}") as agent:
                self.wait(lambda agent=agent: agent.value(WORKING) == 1, "an answer without a state")
                self.assertEqual(agent.value(WRITABLE), 0)
                self.assertIn("state.folder", agent.log())
                self.assertIn(said, agent.log())

    def test_without_a_path_everything_works_and_nothing_is_told(self):
        self.configure()
        self.drop(POOL, answer("FinalState"))
        with self.agent() as agent:
            self.wait(lambda: agent.value(WORKING) == 1, "an answer")
            self.assertNotIn("state_database", agent.metrics())

    def test_a_path_from_systemd(self):
        self.configure()
        with self.agent(environment={"STATE_DIRECTORY": f"{self.storage}:/elsewhere"}) as agent:
            self.assertEqual(agent.value(WRITABLE), 1)
        self.assertTrue((self.storage / "state.db").exists())

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("mount"), "SKIPPED: needs root for a small disk")
    def test_a_full_disk_is_told_and_worked_around(self):
        self.configure()
        self.storage.mkdir(mode=0o700)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=0700", "none", self.storage], check=False,
                                 capture_output=True)
        if mounted.returncode != 0:
            self.skipTest(f"SKIPPED: no tmpfs here: {mounted.stderr.decode()}")
        self.addCleanup(subprocess.run, ["umount", "-l", self.storage], check=False)
        self.drop(POOL, answer("FinalState"))
        with self.started() as agent:
            self.wait(lambda: agent.value(WRITABLE) == 1 and self.rows("SELECT * FROM pool"), "the state to be written")
            filler = self.storage / "filler"
            with open(filler, "wb", buffering=0) as file:
                try:
                    while True:
                        file.write(b"x" * 4096)
                except OSError:
                    pass
            self.wait(lambda: agent.value(WRITABLE) == 0, "the full disk to be told", 60)
            self.wait_logged(agent, "state.full")
            self.drop(POOL, answer("ErrorState"))
            self.wait(lambda: self.shows(agent, "ErrorState"), "answers all the same")
            filler.unlink()
            self.wait(lambda: agent.value(WRITABLE) == 1, "room again", 60)
            self.wait_logged(agent, "written again")
            since = agent.value(SINCE)
            self.kill(agent)
        with self.started() as agent:
            self.assertEqual(agent.value(SINCE), since)

    def test_thirty_kills_under_a_quota_of_five_shells(self):
        pools = {POOL: "atlanta", OTHER: "atlanta"}
        with self.simulator({"listeners": [{"name": "atlanta", "server": {"max_shells": 5}}], "pools": {pool: {} for pool in pools}}) as simulator:
            self.configure_winrm({"atlanta": {"url": simulator.url("atlanta"), "max_concurrent": 2}}, pools)
            for i in range(30):
                made = simulator.status()["requests_by_action"].get("Create", 0)
                with self.started() as agent:
                    # Some kills come while a shell is made, some later.
                    self.wait(lambda: simulator.status()["requests_by_action"].get("Create", 0) > made, f"run {i} to make a shell")
                    time.sleep(self.random.choice([0, 0.02, 0.3]))
                    self.kill(agent)
            with self.started() as agent:
                self.wait(lambda: agent.by_pool("sfb_backup_up") == {pool: 1 for pool in pools}, "every pool to answer")
                failed = {dict(labels)["reason"] for labels, count in agent.series("sfb_backup_evaluation_failures_total").items() if count}
                self.assertNotIn("throttled", failed)
            self.wait_quiet(simulator)
            self.assertEqual(self.rows("SELECT * FROM session"), [], "an agent that ends well leaves none")


if __name__ == "__main__":
    unittest.main(verbosity=2)
