#!/usr/bin/env python3
"""The rules that Grafana's dashboard-linter has, by its names, and ours: linter.py FOLDER LINT

FOLDER has the dashboards (*.json), LINT (YAML) the exceptions: exclusions: RULE: {reason: WHY, entries: [{dashboard: TITLE, panel: TITLE}...]}; an entry
without panel is of the whole dashboard. An exception without a reason is refused, and so is one that nothing needs.

exit 0 clean, 1 with one line per finding, 2 when nothing can be read
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

GOOD_COLORS = re.compile(r"green|blue")
SPECIAL = {"$__rate_interval": "5m", "$__interval": "1m", "$__range": "6h"}
METRIC = re.compile(r"(?<![\w:$\"])((?:[a-z_]+:)?(?:sfb_backup|process)_\w+(?::\w+)?|up|ALERTS)(?![\w:(=!])\s*(\{[^}]*\})?")


def panels_of(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def selectors(expr):
    """(metric, matchers) of each selector; lists of labels are no metrics."""
    bare = re.sub(r"\b(by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)", r"\1", expr)
    return [(match[1], match[2] or "") for match in METRIC.finditer(bare)]


def substituted(expr, value=".+"):
    for name, text in SPECIAL.items():
        expr = expr.replace(name, text)
    return re.sub(r"\$\{?\w+\}?", value, expr)


def promtool(expressions):
    """What promtool has against them; nothing where all are PromQL."""
    rules = [{"record": f"x:y:z{i}", "expr": substituted(expr)} for i, expr in enumerate(expressions)]
    with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as file:
        json.dump({"groups": [{"name": "x", "rules": rules}]}, file)
        file.flush()
        run = subprocess.run(["promtool", "check", "rules", "--lint=none", file.name], capture_output=True, text=True, check=False)
    return run.stderr or "refused" if run.returncode else ""


class Linter:
    def __init__(self, dashboard):
        self.dashboard, self.title = dashboard, dashboard.get("title", "")
        self.variables = {each["name"]: each for each in dashboard["templating"]["list"]}
        self.findings, self.expressions = [], []

    def say(self, rule, text, panel=None):
        self.findings.append((rule, self.title, panel, text))

    # -- the dashboard ----------------------------------------------------------------------------------------------------

    def dashboard_rules(self):
        board = self.dashboard
        sources = [each for each in self.variables.values() if each["type"] == "datasource"]
        if len(sources) != 1 or sources[0]["name"] != "datasource" or sources[0]["label"] != "Data Source" or sources[0]["query"] != "prometheus":
            self.say("template-datasource-rule", "has not exactly one variable `datasource` of Prometheus, labelled Data Source")
        for name in ("job", "instance"):
            each = self.variables.get(name)
            if not each or not each["multi"] or each.get("allValue") != ".+" or each["datasource"] != {"type": "prometheus", "uid": "${datasource}"}:
                self.say(f"template-{name}-rule", f"has no variable `{name}` that is multi, with .+ for all, of ${{datasource}}")
        for each in self.variables.values():
            if each["type"] != "query":
                continue
            if each["refresh"] != 2:
                self.say("template-on-time-change-reload-rule", f"variable {each['name']} is not asked again when the time range changes")
            if not re.fullmatch(r"label_values\((.+), (\w+)\)", each["query"]["query"]):
                self.say("template-label-promql-rule", f"variable {each['name']} is no label_values(SELECTOR, LABEL)")
            if each["multi"] and not each.get("allValue"):
                self.say("template-all-rule", f"variable {each['name']} has no value for all: a thousand pools do not fit into a query")
        if board.get("editable") is not False:
            self.say("uneditable-dashboard", "is editable")
        for key in ("uid", "description"):
            if not board.get(key):
                self.say("dashboard-" + key, f"has no {key}")
        kinds = {each["type"] for each in board["links"]}
        if kinds != {"dashboards", "link"}:
            self.say("dashboard-links", "has no links to the other dashboards and to the runbooks")
        ids = [panel["id"] for panel in board["panels"]]
        if len(set(ids)) != len(ids):
            self.say("panel-id", "has two panels with the same id")
        self.grid()
        for each in board["annotations"]["list"]:
            self.expression(each["expr"], f"annotation {each['name']}")

    def grid(self):
        taken = {}
        for panel in self.dashboard["panels"]:
            place, name = panel["gridPos"], panel["title"]
            if place["x"] < 0 or place["w"] < 1 or place["h"] < 1 or place["x"] + place["w"] > 24:
                self.say("panel-grid", "is outside of the grid", name)
            for cell in ((x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])):
                if cell in taken:
                    self.say("panel-grid", f"overlaps {taken[cell]}", name)
                    break
                taken[cell] = name

    # -- a panel ----------------------------------------------------------------------------------------------------------

    def panel_rules(self, panel):
        name = panel.get("title") or f"panel {panel['id']}"
        if not panel.get("title") or not panel.get("description"):
            self.say("panel-title-description-rule", "has no title or no description", name)
        if panel.get("datasource") != {"type": "prometheus", "uid": "${datasource}"}:
            self.say("panel-datasource-rule", "does not use ${datasource}", name)
        defaults = panel["fieldConfig"]["defaults"]
        if not defaults.get("unit"):
            self.say("panel-units-rule", "has no unit", name)
        if not panel.get("targets"):
            self.say("panel-no-targets-rule", "has no query", name)
        self.unknown(panel, name, defaults)
        for target in panel.get("targets", []):
            if target.get("datasource") != {"type": "prometheus", "uid": "${datasource}"}:
                self.say("panel-datasource-rule", "has a query that does not use ${datasource}", name)
            self.expression(target["expr"], name)

    def unknown(self, panel, name, defaults):
        """What is absent must not look good."""
        settings = [defaults] + [{each["id"]: each["value"] for each in override["properties"]} for override in panel["fieldConfig"]["overrides"]]
        if defaults.get("noValue") != "unknown":
            self.say("unknown-rule", "does not say `unknown` where there is no value", name)
        for each in settings:
            steps = each.get("thresholds", {}).get("steps", [{"value": None, "color": ""}])
            if steps[0]["value"] is not None or GOOD_COLORS.search(steps[0]["color"]):
                self.say("unknown-rule", f"the colour below all thresholds is {steps[0]['color']}, and that is the one of an absent value", name)
            mappings = each.get("mappings")
            special = [one["options"] for one in mappings or [] if one["type"] == "special"]
            if mappings is not None and not any(one["match"] == "null+nan" and not GOOD_COLORS.search(one["result"]["color"]) for one in special):
                self.say("unknown-rule", "has words for values and none for an absent one", name)

    # -- a query ----------------------------------------------------------------------------------------------------------

    def expression(self, expr, name):
        self.expressions.append((expr, name))
        found = selectors(expr)
        if not found:
            self.say("target-promql-rule", f"asks for nothing of ours: {expr}", name)
        for metric, matchers in found:
            for label in ("job", "instance"):
                if f'{label}=~"${label}"' not in matchers:
                    self.say(f"target-{label}-rule", f"{metric}{matchers} does not pick ${label}", name)
        if "label_replace" in expr or "label_join" in expr:
            self.say("target-label-replace", "makes labels: that is what recording rules are for", name)
        for window in re.findall(r"\b(?:rate|irate|increase)\([^\[]*\[([^\]]+)\]", expr):
            if window != "$__rate_interval":
                self.say("target-rate-interval-rule", f"takes a rate over {window}, not over $__rate_interval", name)
        for metric, _ in found:
            if metric.endswith("_total") or metric.endswith(("_bucket", "_count", "_sum")):
                if not re.search(r"\b(?:rate|irate|increase)\(" + metric + r"\b", expr) or re.search(r"(?<!rate\()(?<!increase\()\b" + metric + r"\b", expr):
                    self.say("target-counter-agg-rule", f"{metric} stands outside of rate, irate and increase", name)

    def run(self):
        self.dashboard_rules()
        for panel in panels_of(self.dashboard):
            self.panel_rules(panel)
        if promtool([expr for expr, _ in self.expressions]):
            for expr, name in self.expressions:
                if said := promtool([expr]):
                    self.say("target-promql-rule", f"is no PromQL: {expr}: {said}", name)
        return self.findings


def excepted(findings, exclusions):
    """The findings without those that are excepted, and what is wrong with the exceptions."""
    left, wrong, used = [], [], set()
    for rule, body in exclusions.items():
        if not str(body.get("reason") or "").strip():
            wrong.append(f".lint: {rule} has no reason")
    for rule, title, panel, text in findings:
        hits = [(rule, i) for i, entry in enumerate(exclusions.get(rule, {}).get("entries", []))
                if entry["dashboard"] == title and entry.get("panel") in (None, panel)]
        used.update(hits)
        if not hits:
            left.append(f"{title}: {panel + ': ' if panel else ''}{text} ({rule})")
    for rule, body in exclusions.items():
        wrong += [f".lint: {rule}: nothing needs {entry}" for i, entry in enumerate(body.get("entries", [])) if (rule, i) not in used]
    return left + wrong


def main():
    files = sorted(pathlib.Path(sys.argv[1]).glob("*.json"))
    if not files:
        print(f"linter: no dashboards in {sys.argv[1]}", file=sys.stderr)
        return 2
    boards = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    findings = [finding for board in boards for finding in Linter(board).run()]
    exclusions = yaml.safe_load(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))["exclusions"]
    lines = excepted(findings, exclusions)
    for key in ("uid", "title"):
        values = [board.get(key) for board in boards]
        if len(set(values)) != len(values):
            lines.append(f"two dashboards have the same {key}")
    known = {board.get("uid") for board in boards}
    linked = set(re.findall(r"/d/([\w-]+)", "".join(file.read_text(encoding="utf-8") for file in files)))
    lines += [f"a link leads to the dashboard {uid}, which is not there" for uid in sorted(linked - known)]
    print("\n".join(lines) or f"{sum(len(panels_of(board)) for board in boards)} panels")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
