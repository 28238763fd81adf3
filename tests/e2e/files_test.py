"""Dropped files that may mislead: links to other files."""

import subprocess
import unittest

import lab
from lab import MODULES_2013, LabTest, status_object, wrapper

ATL, CHI = "atl.example.com", "chi.example.com"


class Files(LabTest):
    def setUp(self):
        super().setUp()
        self.configure()
        self.drop_status(CHI)

    def evaluate(self):
        return subprocess.run([lab.AGENT, "evaluate", f"--config.file={self.folder}/agent.yml", ATL], capture_output=True, text=True,
                              timeout=lab.WAIT, check=False)


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
