#!/usr/bin/env python3
"""The numbers in the runbooks are those of the rules: numbers.py [--write]

A page has one line `**Thresholds**` with each key of the mixin's `_config` on which its alert rests, its default, and the
alert's own `for`. Which keys these are is not written down here: each is changed, and the alerts that differ rest on it.
Durations in the words of the part `Means` must be numbers of the rule. --write corrects the lines of thresholds.
"""
import json
import pathlib
import re
import subprocess
import sys

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"
LINE = "**Thresholds** of the [mixin](../mixin/" + "README.md): "
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# What a page tells that is no number of its alert: stale_after, Microsoft's recovery points, the limit of a date ahead, how long
# SIDs that were found hold.
OTHERS = {"SfbBackupEvaluationFailing": ["1h"], "SfbBackupStateUnknown": ["1h"], "SfbBackupExportError": ["1h"],
          "SfbBackupExportBacklog": ["5m", "30m"], "SfbBackupDropClockWrong": ["1h"],
          "SfbBackupGroupsUnknown": ["30d"], "SfbBackupExportNeverHealthy": ["2d"]}  # of the recording rule
MIXIN = """
local mixin = import 'mixin.libsonnet';
local rules(m) = [rule for group in m.prometheusAlerts.groups for rule in group.rules];
local plain = rules(mixin);
local other(value) = if std.isNumber(value) then value * 2 + 7 else '7h';
local numbers = { [key]: mixin._config[key] for key in std.objectFields(mixin._config)
                  if std.isNumber(mixin._config[key]) || std.member(DURATIONS, mixin._config[key]) };
{ numbers: numbers, rules: plain,
  rests: { [key]: local changed = rules(mixin { _config+:: { [key]: other(numbers[key]) } });
                  std.set([plain[i].alert for i in std.range(0, std.length(plain) - 1) if plain[i] != changed[i]])
           for key in std.objectFields(numbers) } }
"""
WORDS = {"one": 1, "a": 1, "an": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}
SPOKEN = [(r"a quarter of an hour", 900), (r"half an hour", 1800), (r"an hour and a half", 5400)]


def mixin():
    durations = json.dumps([f"{n}{unit}" for n in range(1, 100) for unit in UNITS])
    run = subprocess.run(["jsonnet", "-J", DEPLOY / "mixin", "-e", MIXIN.replace("DURATIONS", durations)], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(run.stderr)
    return json.loads(run.stdout)


def seconds(text):
    return int(text[:-1]) * UNITS[text[-1]]


def short(value):
    """As an operator writes it: 900 is 15m."""
    if isinstance(value, str):
        return value
    return next((f"{value // size}{unit}" for unit, size in reversed(UNITS.items()) if value % size == 0 and value // size > 1 or value == size), str(value))


def line_of(alert, found):
    """The line of thresholds that the page must have, empty where nothing can be set."""
    keys = [key for key, alerts in found["rests"].items() if alert in alerts]
    values = {key: short(found["numbers"][key]) if key.endswith("Seconds") or isinstance(found["numbers"][key], str) else str(found["numbers"][key]) for key in keys}
    waits = sorted({rule["for"] for rule in found["rules"] if rule["alert"] == alert and "for" in rule} - set(values.values()))
    parts = [f"`{key}` {values[key]}" for key in sorted(keys)] + [f"`for` {wait}" for wait in waits]
    return LINE + ", ".join(parts) + "." if parts else ""


def of_rule(alert, found):
    """Every number of the alert's rules, as seconds."""
    numbers = {seconds(each) for each in OTHERS.get(alert, [])}
    for rule in found["rules"]:
        if rule["alert"] == alert:
            text = rule["expr"] + f" [{rule.get('for', '0s')}]"
            numbers |= {seconds(each) for each in re.findall(r"(?:\[|offset )(\d+[smhd])", text)}
            numbers |= {int(one) * int(other or 1) for one, other in re.findall(r"\b(\d+)(?: \* (\d+))?\b", rule["expr"])}
    return numbers


def spoken(prose):
    """(words, seconds) of each duration in a text."""
    prose = " ".join(prose.split())
    for words, value in SPOKEN:
        if words in prose:
            yield words, value
            prose = prose.replace(words, "")
    number = r"\b(\d+|" + "|".join(WORDS) + r") "
    for count, unit in re.findall(number + r"(minute|hour|day)s?\b", prose):
        yield f"{count} {unit}", int(WORDS.get(count, count)) * UNITS[unit[0]]


def whole(paragraph):
    return " ".join(paragraph.split())


def findings(alert, page, found):
    want = line_of(alert, found)
    have = [whole(paragraph) for paragraph in page.split("\n\n") if paragraph.startswith(LINE[:14])]
    if have != ([want] if want else []):
        yield f"{alert}: the thresholds are {have or 'missing'}, must be {want or 'missing'}"
    means = re.search(r"\*\*Means(.*?)(?=\n\n\*\*(?:The cmdlet|Thresholds))", page, re.S)
    for words, value in spoken(means[1]):
        if value not in of_rule(alert, found):
            yield f"{alert}: '{words}' is no number of its rule"


def main():
    found, wrong = mixin(), []
    for path in sorted((DEPLOY / "runbooks").glob("Sfb*.md")):
        if path.stem not in {rule["alert"] for rule in found["rules"]}:
            continue  # a rule beside the mixin
        page = path.read_text(encoding="utf-8")
        if "--write" in sys.argv:
            page = re.sub(r"\*\*Thresholds\*\*.*?\n\n", "", page, flags=re.S)
            if want := line_of(path.stem, found):
                page = page.replace("**The cmdlet prints", wrapped(want) + "\n\n**The cmdlet prints", 1)
            path.write_text(page, encoding="utf-8")
        wrong += findings(path.stem, page, found)
    print("\n".join(wrong) or "the runbooks have the numbers of the rules")
    sys.exit(1 if wrong else 0)


def wrapped(text, width=118):
    lines = [""]
    for word in text.split(" "):
        lines[-1:] = [f"{lines[-1]} {word}".strip()] if len(lines[-1]) + len(word) < width else [lines[-1], word]
    return "\n".join(lines)


main()
