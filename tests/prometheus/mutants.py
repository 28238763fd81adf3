#!/usr/bin/env python3
"""Breaks the alert rules: mutants.py ALERTS.yml OUTDIR

Writes OUTDIR/NAME/alerts.yml with every alert broken in the same way, and OUTDIR/NAME/names with the names of the broken
ones. The incidents must differ for each name:
  never    the alert never fires                          -> would a test notice that it is gone?
  always   the alert fires for whatever pool there is     -> would a test notice a false alarm?
  hasty    thresholds and ranges are halved, no `for`     -> would a test notice a nervous one?
  patient  they are doubled, `for` is four times as long  -> would a test notice a late one?
An alert with two severities has two rules; NAME ends in .0 for the first rule of each alert and in .1 for the second, so
that neither hides behind the other.
"""
import copy
import pathlib
import re
import sys

import yaml

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def scaled(factor, wait):
    """Thresholds and ranges times `factor`, `for` times `wait`."""

    def waiting(match):
        return f"{int(int(match[1]) * UNITS[match[2]] * wait)}s"

    def duration(match):
        return f"{match[1]}{int(int(match[2]) * UNITS[match[3]] * factor)}s"

    def threshold(match):
        return match[0] if match[2] in ("0", "1") else f"{match[1]}{float(match[2]) * factor:g}"

    def change(rule):
        # The 20 minutes at the beginning of a range are no threshold.
        expr = re.sub(r"(\[(?!20m)|offset )(\d+)([smhd])", duration, rule["expr"])
        expr = re.sub(r"([<>]=? )(\d+(?:\.\d+)?)\b(?! \*)", threshold, expr)
        expr = re.sub(r"(?m)(\+ )(\d+)$", threshold, expr)  # SfbBackupEvaluationStale: so many seconds after the intervals
        made = {**rule, "expr": expr}
        if "for" in rule:
            made["for"] = re.sub(r"(\d+)([smhd])", waiting, rule["for"])
        return made

    return change


KINDS = {
    "never": lambda rule: {**rule, "expr": f"({rule['expr']}) unless on () vector(1)"},
    "always": lambda rule: {**rule, "expr": "max by (job, pool) (sfb_backup_pool_info)", "for": "0s"},
    "hasty": scaled(0.5, 0),
    "patient": scaled(2, 4),
}


def mutant(document, kind, which):
    """The document with the rule number `which` of every alert broken, and the alerts' names."""
    document, seen, names = copy.deepcopy(document), {}, []
    for group in document["groups"]:
        for i, rule in enumerate(group["rules"]):
            name = rule.get("alert")
            if name is None:
                continue
            seen[name] = seen.get(name, -1) + 1
            if seen[name] == which:
                broken = KINDS[kind](rule)
                if broken != rule:
                    group["rules"][i] = broken
                    names.append(name)
    return document, names


def main():
    document = yaml.safe_load(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    # No alert rests on what the dashboards' rules record.
    document["groups"] = [group for group in document["groups"] if group["name"] != "sfb-backup-dashboards"]
    for kind in KINDS:
        for which in (0, 1):
            mutated, names = mutant(document, kind, which)
            folder = pathlib.Path(sys.argv[2]) / f"{kind}.{which}"
            folder.mkdir(parents=True)
            (folder / "alerts.yml").write_text(yaml.safe_dump(mutated), encoding="utf-8")
            (folder / "names").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")


main()
