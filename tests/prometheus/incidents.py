#!/usr/bin/env python3
"""Plays the incidents of incidents.yml to the alert rules and compares what fires, when, with what is written there.

usage: incidents.py RULES [--only WORDS] [--mutants] [--show] [--names]
RULES is an alerts.yml. promtool evaluates it once over all incidents, each under a job of its own, and tells every alert
that fires, every twenty minutes. One line per incident, `ok` or `failed`, with the differences. --show prints what fires
instead of comparing. --mutants plays the others, which are short (their key `mutants`) and are looked at more closely. --names prints only the names of the alerts that differ. Exit 1 where something differs.
"""
import argparse
import collections
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

from simulation import Incident, identity

HERE = pathlib.Path(__file__).resolve().parent
GRID = 20  # minutes between two looks at what fires, and between two evaluations of the rules
EVALUATION = 4
MUTANTS_GRID = 10  # short incidents are looked at more closely
MUTANTS_EVALUATION = 2
GROUPS = ["sfb-backup-recordings", "sfb-backup-dashboards", "sfb-backup-states", "sfb-backup-evaluations", "sfb-backup-collectors", "sfb-backup-exporter"]


def load(only=None, mutants=False, path=HERE / "incidents.yml"):
    texts = yaml.safe_load(path.read_text(encoding="utf-8"))
    texts = [{**text, "hours": text.get("mutants", text.get("hours", 24))} for text in texts if ("mutants" in text) == mutants]
    return [Incident(text, f"sfb-backup-{i:02}") for i, text in enumerate(texts, 1) if only is None or only in text["name"]]


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def labels_of(text):
    return {key: re.sub(r"\\(.)", r"\1", value) for key, value in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', text)}


def promtool(rules, incidents, exprs, alerts=(), evaluation=MUTANTS_EVALUATION):
    """promtool's words on a test that expects nothing to fire: its complaints are the truth."""
    # The job's name stands in the rules; here each incident has one of its own.
    text = pathlib.Path(rules).read_text(encoding="utf-8").replace('job=\\"sfb-backup\\"', 'job=~\\"sfb-backup.*\\"').replace('job="sfb-backup"', 'job=~"sfb-backup.*"')
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        (work / "rules.yml").write_text(text, encoding="utf-8")
        lines = ["rule_files: [rules.yml]", f"evaluation_interval: {evaluation}m", f"group_eval_order: [{', '.join(GROUPS)}]", "tests:", "  - interval: 1m", "    input_series:"]
        for incident in incidents:
            lines += [f"      - {{series: {quoted(name)}, values: {quoted(values)}}}" for name, values in incident.input_series()]
        lines.append("    promql_expr_test:")
        lines += [f"      - {{expr: {quoted(expr)}, eval_time: {minute}m, exp_samples: []}}" for expr, minute in exprs]
        if alerts:
            lines.append("    alert_rule_test:")
            lines += [f"      - {{alertname: {name}, eval_time: {minute}m, exp_alerts: []}}" for name, minute in alerts]
        (work / "test.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        run = subprocess.run(["promtool", "test", "rules", str(work / "test.yml")], capture_output=True, text=True, check=False)
        if "FAILED" not in run.stdout + run.stderr and "SUCCESS" not in run.stdout + run.stderr:
            sys.exit(f"promtool: {run.stdout}{run.stderr}")
        return run.stdout + run.stderr


def samples(output):
    """(minute, labels, value) of every sample that promtool told of."""
    for moment, got in re.findall(r'expr: .*, time: (\S+),\n\s*exp: nil\n\s*got: (.*)', output):
        minute = sum(int(value) * {"d": 1440, "h": 60, "m": 1, "s": 1 / 60}[unit] for value, unit in re.findall(r"(\d+)([dhms])", moment))
        for labels, value in re.findall(r"(\{(?:[^}\"]|\"(?:[^\"\\]|\\.)*\")*\}) ([-+0-9.E]+)", got):
            yield int(minute), labels_of(labels), float(value)


def key_of(labels):
    subject = [labels["alertname"]]
    subject += [labels[name] for name in ("pool", "module", "direction", "replica", "collector", "endpoint") if labels.get(name)]
    if "pool" not in labels and labels.get("deployment"):
        subject.append(labels["deployment"])
    return " ".join(subject + [labels["severity"]])


def firing(rules, incidents, grid, evaluation):
    """job -> key -> minutes at which it fires."""
    longest = max(incident.length for incident in incidents)
    output = promtool(rules, incidents, [('ALERTS{alertstate="firing"}', minute) for minute in range(0, longest + 1, grid)], evaluation=evaluation)
    found = {incident.job: collections.defaultdict(set) for incident in incidents}
    length = {incident.job: incident.length for incident in incidents}
    for minute, labels, _ in samples(output):
        # A series ends with its incident; what comes after it is not part of it. The absence of all jobs is none of them.
        if labels.get("job") in found and minute <= length[labels["job"]]:
            assert "instance" not in labels, f"an alert of one instance: {labels}"
            found[labels["job"]][key_of(labels)].add(minute)
    return found


def spans(minutes, grid):
    runs = []
    for minute in sorted(minutes):
        if runs and minute - runs[-1][1] == grid:
            runs[-1][1] = minute
        else:
            runs.append([minute, minute])
    return ", ".join(f"{first}-{last}" for first, last in runs) or "nothing"


def expected(incident, grid):
    """key -> minutes of the grid at which it is to fire, as far as the incident is played."""
    wanted = collections.defaultdict(set)
    for key, text in incident.text.get("fires", {}).items():
        for span in text if isinstance(text, list) else [text]:
            first, last = span.split("-")
            end = incident.length if last == "end" else min(int(last), incident.length)
            wanted[" ".join(identity(word) for word in key.split())] |= {minute for minute in range(0, end + 1, grid) if minute >= int(first)}
    return wanted


def differences(incident, found, grid):
    wanted = expected(incident, grid)
    for key in sorted(set(wanted) | set(found)):
        want, got = wanted.get(key, set()), found.get(key, set())
        if want != got:
            yield key, f"{key}: expected {spans(want, grid)}, got {spans(got, grid)}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rules")
    parser.add_argument("--only")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--names", action="store_true")
    parser.add_argument("--mutants", action="store_true")
    options = parser.parse_args()
    incidents = load(options.only, options.mutants)
    grid, evaluation = (MUTANTS_GRID, MUTANTS_EVALUATION) if options.mutants else (GRID, EVALUATION)
    found = firing(options.rules, incidents, grid, evaluation)
    failed = set()
    for incident in incidents:
        wrong = list(differences(incident, found[incident.job], grid))
        failed |= {key.split()[0] for key, _ in wrong}
        if options.show:
            print(f"{incident.name}:")
            for key, minutes in sorted(found[incident.job].items()):
                print(f"    {key}: {spans(minutes, grid)}")
        elif not options.names:
            print(f"{'failed' if wrong else 'ok'}: {incident.name}", *(f"    {text}" for _, text in wrong), sep="\n")
    if options.names:
        print("\n".join(sorted(failed)))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
