"""The dashboards are what the mixin makes, keep the rules, and the linter can fail: each rule is broken once."""

import copy
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FOLDER = ROOT / "deploy" / "grafana"
POOL = "Skype for Business backup / Pool"


def lint(folder, exclusions):
    run = subprocess.run([sys.executable, HERE / "linter.py", folder, exclusions], capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


def panel(board, title):
    return next(each for each in board["panels"] if each["title"] == title)


def variable(board, name):
    return next(each for each in board["templating"]["list"] if each["name"] == name)


def expression(change):
    def apply(board):
        target = panel(board, "Failures by reason")["targets"][0]
        target["expr"] = change(target["expr"])
    return apply


def thresholds(board):
    panel(board, "Export lag")["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["color"] = "green"


def words(board):
    panel(board, "Verdict")["fieldConfig"]["defaults"]["mappings"].pop()


def column(board):
    overrides = panel(board, "Modules")["fieldConfig"]["overrides"]
    next(each for each in overrides if each["matcher"]["options"] == "Export")["properties"][0]["value"].pop()


def overlap(board):
    panel(board, "Export lag")["gridPos"]["y"] += 1


# rule, or words: what breaks it, in the dashboard of the pools
BROKEN = {
    "template-datasource-rule": lambda board: variable(board, "datasource").update(label="Source"),
    "template-job-rule": lambda board: variable(board, "job").update(allValue=None),
    "template-on-time-change-reload-rule": lambda board: variable(board, "site").update(refresh=1),
    "template-label-promql-rule": lambda board: variable(board, "pool")["query"].update(query="query_result(up)"),
    "template-all-rule": lambda board: variable(board, "pool").update(allValue=""),
    "uneditable-dashboard": lambda board: board.update(editable=True),
    "dashboard-uid": lambda board: board.update(uid=""),
    "dashboard-links": lambda board: board["links"].pop(),
    "panel-id": lambda board: panel(board, "Export lag").update(id=panel(board, "Verdict")["id"]),
    "overlaps": overlap,
    "is outside of the grid": lambda board: panel(board, "Export lag")["gridPos"].update(x=20),
    "panel-title-description-rule": lambda board: panel(board, "Export lag").update(description=""),
    "panel-datasource-rule": lambda board: panel(board, "Export lag").update(datasource={"type": "prometheus", "uid": "mine"}),
    "panel-units-rule": lambda board: panel(board, "Export lag")["fieldConfig"]["defaults"].update(unit=""),
    "panel-no-targets-rule": lambda board: panel(board, "Export lag").update(targets=[]),
    "colour below all thresholds": thresholds,
    "none for an absent one": words,
    "Modules: has words for values and none": column,
    "does not say `unknown`": lambda board: panel(board, "Verdict")["fieldConfig"]["defaults"].pop("noValue"),
    "is no PromQL": expression(lambda expr: expr + ")"),
    "target-rate-interval-rule": expression(lambda expr: expr.replace("$__rate_interval", "5m")),
    "target-job-rule": expression(lambda expr: expr.replace('job=~"$job",', "", 1)),
    "target-counter-agg-rule": expression(lambda expr: expr.replace("rate(", "avg_over_time(")),
    "target-label-replace": expression(lambda expr: f'label_replace({expr}, "a", "b", "c", "d")'),
    "which is not there": lambda board: board.update(uid="other"),
}


class Dashboards(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_they_are_what_the_mixin_makes(self):
        program = f"(import '{ROOT}/deploy/mixin/mixin.libsonnet').grafanaDashboards"
        subprocess.run(["jsonnet", "-m", self.folder, "-e", program], check=True, capture_output=True)
        made = {file.name: file.read_text(encoding="utf-8") for file in self.folder.iterdir()}
        committed = {file.name: file.read_text(encoding="utf-8") for file in (FOLDER / "dashboards").iterdir()}
        self.assertEqual(sorted(made), sorted(committed))
        for name, text in made.items():
            self.assertEqual(text, committed[name], f"{name}: run deploy/mixin/generate")

    def test_they_keep_the_rules(self):
        code, output = lint(FOLDER / "dashboards", FOLDER / ".lint")
        self.assertEqual(code, 0, output)

    def test_the_mixin_takes_another_configuration(self):
        change = "{ _config+:: { exportLagWarningSeconds: 77, agentURLPattern: 'https://%s/', runbookURLPattern: 'http://other/%s' } }"
        program = f"((import '{ROOT}/deploy/mixin/mixin.libsonnet') + {change}).grafanaDashboards"
        run = subprocess.run(["jsonnet", "-e", program], capture_output=True, text=True, check=True)
        board = json.loads(run.stdout)["sfb-backup-pool.json"]
        self.assertIn(77, [step["value"] for step in panel(board, "Export lag")["fieldConfig"]["defaults"]["thresholds"]["steps"]])
        for words_of_it in ("https://${__data.fields.Agent}/pools/", "http://other/README", "http://other/codes"):
            self.assertIn(words_of_it, run.stdout)

    def test_each_rule_can_fail(self):
        boards = {file.name: json.loads(file.read_text(encoding="utf-8")) for file in (FOLDER / "dashboards").iterdir()}
        for rule, breaks in BROKEN.items():
            with self.subTest(rule):
                broken = copy.deepcopy(boards)
                breaks(broken["sfb-backup-pool.json"])
                for name, board in broken.items():
                    (self.folder / name).write_text(json.dumps(board), encoding="utf-8")
                code, output = lint(self.folder, FOLDER / ".lint")
                self.assertEqual(code, 1, output)
                self.assertIn(rule, output)

    def test_exceptions_need_a_reason_and_a_use(self):
        exclusions = yaml.safe_load((FOLDER / ".lint").read_text(encoding="utf-8"))
        exclusions["exclusions"]["target-instance-rule"]["reason"] = " "
        exclusions["exclusions"]["target-job-rule"] = {"reason": "none", "entries": [{"dashboard": POOL}]}
        del exclusions["exclusions"]["template-instance-rule"]
        (self.folder / "lint").write_text(yaml.safe_dump(exclusions), encoding="utf-8")
        code, output = lint(FOLDER / "dashboards", self.folder / "lint")
        self.assertEqual(code, 1, output)
        for words_of_it in ("target-instance-rule has no reason", "target-job-rule: nothing needs", "(template-instance-rule)"):
            self.assertIn(words_of_it, output)


if __name__ == "__main__":
    unittest.main(verbosity=2)
