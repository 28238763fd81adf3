"""Dropped files that may mislead: dates ahead of our clock and links to other files."""

import datetime
import json
import os
import re
import subprocess
import time
import unittest

import console
import lab
from lab import MODULES_2013, LabTest, status_object, wrapper

ATL, CHI = "atl.example.com", "chi.example.com"
MINUTE = 60


def seconds_of(text):
    """Unix time of what a header says: microseconds, or none."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Files(LabTest):
    def setUp(self):
        super().setUp()
        self.configure()
        self.drop_status(CHI)

    def evaluate(self, *options):
        return subprocess.run([lab.AGENT, "evaluate", f"--config.file={self.folder}/agent.yml", ATL, *options], capture_output=True, text=True,
                              timeout=lab.WAIT, check=False)

    def success(self, agent):
        return agent.value(f'sfb_backup_last_evaluation_success_timestamp_seconds{{pool="{ATL}"}}')


class Documented(Files):
    """What deploy/transport-file.md shows is what the agent reads."""

    def drop_example(self, **changes):
        page = (lab.ROOT / "deploy/transport-file.md").read_text(encoding="utf-8")
        example = json.loads(re.search(r"(?ms)^```json\n(.*?)^```", page)[1])
        named = re.findall(r"(?m)^\| `(\w+)` \| ", page)
        self.assertEqual([field for field in example if field not in named], [], "each field stands in the table")
        example |= {"PoolFqdn": ATL, "ExportedAt": lab.utc(), **changes}
        self.drop(ATL, json.dumps({field: value for field, value in example.items() if value is not None}))
        return list(example)

    def test_the_example_works(self):
        self.drop_example()
        shown = self.evaluate()
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("working:    yes", shown.stderr)
        self.drop_example(Output=[], State="Failed", Errors=[{"Message": "Access is denied."}])
        self.assertIn('"Access is denied."', self.evaluate().stderr)
        self.drop_example(Warnings=["The site is old."], PSVersion="5.1.17763.1", Collector="backup_service_status")
        self.assertIn("WARNING: The site is old.", self.evaluate().stdout)

    def ask_both(self, agent, width, *options, **parameters):
        """The same text by HTTP and by the command on a terminal of that width; and which side made it."""
        answer = agent.query(ATL, width=width, **parameters)
        self.assertEqual(answer.status, 200, answer.text)
        command = console.terminal(width, [lab.ASK, "-PoolFqdn", ATL, *options], {"SFB_BACKUP_EXPORTER_URL": f"http://{agent.address}"})
        self.assertEqual(command, (0, answer.text))
        return answer.headers["X-Rendered-By"], answer.text

    def test_the_servers_own_text(self):
        texts = {"Culture": "de-DE", "Width80": "\r\nIts view at 80\r\n", "Width120": "\r\nIts view at 120\r\n"}
        self.drop_example(Text=texts, Warnings=["The site is old."])
        self.assertIn("by the server in de-DE", self.evaluate().stderr)
        for width, said in (("80", True), ("100", False), ("120", True)):
            self.assertEqual(", text by the server" in self.evaluate("--width", width).stderr, said, width)
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            for width in (80, 120):
                self.assertEqual(self.ask_both(agent, width), ("server", f"\nIts view at {width}\nWARNING: The site is old.\n"))
            for width in (79, 100, 121):
                by, text = self.ask_both(agent, width)
                self.assertEqual(by, "agent")
                self.assertIn("UserServices.PresenceFocus", text)
            by, text = self.ask_both(agent, 80, "-ExpandProperty", "BackupModules", expand="BackupModules")
            self.assertEqual(by, "agent", "the file holds no text of the modules")
            self.assertNotIn("Its view", text)

    def test_a_wrong_text_costs_nothing_else(self):
        for text in ("text", {"Width80": 5}, {"Width80": "x" * (257 << 10)}, {"Width80": ""}, {"Culture": "a b", "Width80": "x"}, {"Width100": "x"}):
            self.drop_example(Text=text)
            with self.agent() as agent:
                self.wait(agent.ready, "ready")
                by, shown = self.ask_both(agent, 80)
                self.assertEqual(by, "agent", text)
                self.assertIn("UserServices.PresenceFocus", shown)
                self.assertEqual(agent.history(ATL)["history"][0]["code"], "file.text_left_out")
                self.assertEqual(agent.value(f'sfb_backup_up{{pool="{ATL}"}}'), 1)
        self.drop_example(Text={"Width80": "x"}, Output=[], State="Failed", Errors=[{"Message": "Access is denied."}])
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            answer = agent.query(ATL, width=80)
            self.assertEqual((answer.status, answer.headers["X-Rendered-By"]), (502, "agent"), answer.text)
            self.assertIn("Access is denied.", answer.text)

    def test_a_missing_field_leads_to_the_page(self):
        for field in self.drop_example():
            self.drop_example(**{field: None})
            shown = self.evaluate()
            if field == "SfbBackupExport":
                continue  # then it is no wrapper
            self.assertEqual(shown.returncode, 1, field)
            self.assertIn(f"{field} ", shown.stderr)
            self.assertIn('deploy/transport-file.md, "Files without the script"', shown.stderr, field)


class Dates(Files):
    def assert_nothing_to_come(self, agent):
        """No time of the page lies in the future; only the end of a back-off may."""
        page, now, seen = agent.metrics(), time.time() + 0.01, 0
        for line in page.splitlines():
            if re.match(r"\w+_timestamp_seconds[{ ]", line) and not line.startswith("sfb_backup_evaluation_backoff_until"):
                self.assertLessEqual(float(line.rsplit(" ", 1)[1]), now, line)
                seen += 1
        self.assertGreater(seen, 1, page)
        answer = agent.query(ATL)
        if answer.status == 200:
            self.assertLessEqual(seconds_of(answer.headers["X-Evaluated-At"]), time.time() + 0.01)
        for entry in agent.history(ATL)["history"]:
            self.assertLessEqual(seconds_of(entry["evaluated_at"]), time.time() + 0.01, entry)

    def codes(self, agent):
        return [entry["code"] for entry in agent.history(ATL)["history"]]

    def test_a_little_and_much_ahead(self):
        for ahead, code in ((3 * MINUTE, ""), (30 * MINUTE, "file.clock_skew")):
            with self.subTest(ahead=ahead):
                self.drop_status(ATL, when=lab.utc(ahead))
                before = time.time()
                with self.agent() as agent:
                    self.wait(agent.ready, "ready")
                    self.assertEqual(agent.value(f'sfb_backup_up{{pool="{ATL}"}}'), 1)
                    self.assertEqual(set(self.codes(agent)), {code})
                    first = self.success(agent)
                    self.assertGreaterEqual(first, before - 0.01)
                    self.assert_nothing_to_come(agent)
                    shown = self.evaluate()
                    self.assertEqual(shown.returncode, 0, shown.stderr)
                    self.assertEqual("ahead of this machine's clock" in shown.stderr, bool(code), shown.stderr)

    def test_a_copy_of_the_same_content_gets_no_younger(self):
        when = lab.utc(30 * MINUTE)
        self.drop_status(ATL, when=when)
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            first = self.success(agent)
            evaluations = f'sfb_backup_evaluations_total{{pool="{ATL}"}}'
            for _ in range(3):
                before = agent.value(evaluations)
                self.drop_status(ATL, when=when)
                self.wait(lambda b=before: agent.value(evaluations) > b, "the copy to be read")
            self.assertEqual(self.success(agent), first)
            self.assertGreaterEqual(int(agent.query(ATL).headers["Age"]), int(time.time() - first) - 1)
            self.drop_status(ATL, when=lab.utc(30 * MINUTE))
            self.wait(lambda: self.success(agent) > first, "the next export to be new")
            self.assert_nothing_to_come(agent)

    def test_far_ahead_is_a_failure_and_heals(self):
        for when in ("2099-01-01T00:00:00Z", "9999-12-31T23:59:59Z", lab.utc(65 * MINUTE)):
            with self.subTest(when=when):
                self.drop_status(ATL, when=when)
                with self.agent() as agent:
                    self.wait(agent.ready, "ready")
                    self.assertEqual(agent.value(f'sfb_backup_up{{pool="{ATL}"}}'), 0)
                    self.assertGreaterEqual(agent.value(f'sfb_backup_evaluation_failures_total{{pool="{ATL}",reason="stale"}}'), 1)
                    self.assertIsNone(self.success(agent))
                    self.assertIsNone(agent.value(f'sfb_backup_service_working{{pool="{ATL}"}}'))
                    self.assertEqual(set(self.codes(agent)), {"file.clock_skew"})
                    answer = agent.query(ATL, **{"as": "json"})
                    self.assertEqual((answer.status, answer.headers["X-Reason"]), (502, "stale"))
                    self.assertIn("ahead of this machine's clock", answer.json()["detail"])
                    self.assertIn("file.clock_skew", self.evaluate().stderr)
                    self.assert_nothing_to_come(agent)
                    self.drop_status(ATL)
                    self.wait(lambda a=agent: a.value(f'sfb_backup_up{{pool="{ATL}"}}') == 1, "the pool to heal")
                    self.assertLessEqual(self.success(agent), time.time())

    def test_a_bare_export_from_the_future(self):
        target = self.folder / "exports" / f"{ATL}.json"
        self.configure(path="{pool}.json", pools={ATL: CHI})
        target.write_text('{"BackupModules": ["A.B:[FinalState,NormalState]"]}', encoding="utf-8")
        for ahead, up in ((30 * MINUTE, 1), (120 * MINUTE, 0)):
            with self.subTest(ahead=ahead):
                stamp = time.time() + ahead
                os.utime(target, (stamp, stamp))
                with self.agent() as agent:
                    self.wait(agent.ready, "ready")
                    self.assertEqual(agent.value(f'sfb_backup_up{{pool="{ATL}"}}'), up)
                    self.assert_nothing_to_come(agent)


class Links(Files):
    SECRET = "S3cret-of-the-account"

    def assert_told_without(self, agent, code, secret):
        self.wait(lambda: code in [entry["code"] for entry in agent.history(ATL)["history"]], code)
        shown = self.evaluate()
        self.assertEqual(shown.returncode, 1)
        self.assertIn(code, shown.stderr)
        told = [agent.log(), agent.request(f"/api/v1/history?PoolFqdn={ATL}").text, agent.query(ATL).text,
                agent.query(ATL, **{"as": "json"}).text, agent.metrics(), shown.stdout, shown.stderr]
        for text in told:
            self.assertNotIn(secret, text)
        return told

    def test_no_link_shows_another_file(self):
        secret = self.folder / "monitoring.password"
        secret.write_text(self.SECRET + "\n", encoding="utf-8")
        target = self.folder / "exports" / f"{ATL}.clixml"
        target.symlink_to(secret)
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            self.assert_told_without(agent, "file.link_outside", self.SECRET)
            self.assertIn("set path to the target", agent.query(ATL).text + agent.query(ATL, **{"as": "json"}).text)
            target.unlink()
            target.symlink_to("../monitoring.password")
            self.assert_told_without(agent, "file.link_outside", self.SECRET)
            target.unlink()
            self.drop_status(ATL)
            self.wait(lambda: agent.value(f'sfb_backup_up{{pool="{ATL}"}}') == 1, "the pool to heal")

    def test_foreign_content_is_not_shown(self):
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            for content, code in ((self.SECRET, "file.foreign"), (f"<a>{self.SECRET}</a>", "clixml.not_clixml"),
                                  (f'{{"password": {self.SECRET}}}', "json.syntax"), (f'[{{"x": "{self.SECRET}"}}, 1', "file.truncated")):
                self.drop(ATL, content)
                self.assert_told_without(agent, code, self.SECRET)
            # Readable, but no status: only `evaluate`, whose caller may read the file himself, shows the objects.
            self.drop(ATL, f'["{self.SECRET}"]')
            self.wait(lambda: "status.unrecognised" in agent.history(ATL)["history"][0]["code"], "the foreign objects")
            for text in (agent.log(), agent.request(f"/api/v1/history?PoolFqdn={ATL}").text, agent.query(ATL).text,
                         agent.query(ATL, **{"as": "json"}).text):
                self.assertNotIn(self.SECRET, text)

    def test_the_layout_of_mounted_volumes(self):
        exports = self.folder / "exports"

        def turn(version, state):
            (exports / version).mkdir()
            content = wrapper(ATL, status_object(MODULES_2013, {MODULES_2013[0]: (state, "NormalState")}))
            (exports / version / f"{ATL}.clixml").write_text(content, encoding="utf-8")
            (exports / "..data_tmp").symlink_to(version)
            (exports / "..data_tmp").rename(exports / "..data")

        turn("..2026_11_28", "FinalState")
        (exports / f"{ATL}.clixml").symlink_to(f"..data/{ATL}.clixml")
        text = (self.folder / "agent.yml").read_text(encoding="utf-8").replace("evaluation_interval: 2s", "evaluation_interval: 1h")
        (self.folder / "agent.yml").write_text(text, encoding="utf-8")
        working = f'sfb_backup_service_working{{pool="{ATL}"}}'
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            self.assertEqual(agent.value(working), 1)
            turn("..2026_11_29", "ErrorState")
            self.wait(lambda: agent.value(working) == 0, "the turn to be read at once")


if __name__ == "__main__":
    unittest.main()
