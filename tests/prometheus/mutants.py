#!/usr/bin/env python3
"""Breaks the alert rules: mutants.py ALERTS.yml OUTDIR

Writes OUTDIR/NAME/alerts.yml with every alert broken in the same way, and OUTDIR/NAME/alerts with the
names of the broken ones. The rule tests must fail for each name:
  never    the alert never fires            -> would a test notice that it is gone?
  always   the alert fires always           -> would a test notice a false alarm?
  at-once  the alert does not wait (`for`)  -> would a test notice a nervous one?
  patient  the alert waits twice as long    -> would a test notice a late one?
An alert with two severities has two rules; NAME ends in .0 for the first rule of each alert and in .1
for the second, so that neither hides behind the other.
"""
import copy
import pathlib
import sys

import yaml


def seconds(duration):
    return int(duration[:-1]) * {"s": 1, "m": 60, "h": 3600}[duration[-1]]


def broken(rule, kind):
    changes = {
        "never": {"expr": f"({rule['expr']}) unless on () vector(1)"},
        "always": {"expr": "vector(1)", "for": "0s"},
        "at-once": {"for": "0s"},
        "patient": {"for": f"{2 * seconds(rule['for'])}s"},
    }
    return {**rule, **changes[kind]}


def mutant(document, kind, which):
    """The document with the rule number `which` of every alert broken, and the alerts' names."""
    document = copy.deepcopy(document)
    seen = {}
    for group in document["groups"]:
        for i, rule in enumerate(group["rules"]):
            name = rule.get("alert")
            if name is None:
                continue
            seen[name] = seen.get(name, -1) + 1
            if seen[name] == which:
                group["rules"][i] = broken(rule, kind)
    return document, [name for name, last in seen.items() if last >= which]


def main():
    document = yaml.safe_load(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    for kind in ("never", "always", "at-once", "patient"):
        for which in (0, 1):
            mutated, names = mutant(document, kind, which)
            folder = pathlib.Path(sys.argv[2]) / f"{kind}.{which}"
            folder.mkdir(parents=True)
            (folder / "alerts.yml").write_text(yaml.safe_dump(mutated), encoding="utf-8")
            (folder / "alerts").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")


main()
