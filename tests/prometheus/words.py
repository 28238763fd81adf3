#!/usr/bin/env python3
"""The words of every alert that fires in the incidents: words.py ALERTS.yml

Each must be rendered without an error of its template; an alert of a pool names the pool and its partner, one of a module
the module, one of an endpoint the endpoint. Labels carry site, deployment and the partner.
"""
import re
import sys

import yaml

import incidents

# A moment at which each alert fires somewhere.
MOMENTS = (50, 100, 180, 290, 350)


def main():
    document = yaml.safe_load(open(sys.argv[1], encoding="utf-8"))
    names = sorted({rule["alert"] for group in document["groups"] for rule in group["rules"] if "alert" in rule})
    output = incidents.promtool(sys.argv[1], incidents.load(mutants=True), [], [(name, minute) for minute in MOMENTS for name in names])
    seen, wrong = set(), []
    for labels, annotations in re.findall(r"Labels:(\{.*\})\s*\n\s*Annotations:(\{.*\})", output):
        labels, words = incidents.labels_of(labels), incidents.labels_of(annotations)
        seen.add(labels["alertname"])
        text = words["summary"] + " " + words["description"]
        for bad in ("<no value>", "<error", "%!", "{{", "map["):
            if bad in text:
                wrong.append(f"{labels['alertname']}: {bad} in: {text}")
        for name in ("pool", "module", "endpoint", "paired_pool"):
            if name in labels and labels[name] not in words["summary"] and labels["alertname"] != "SfbBackupReplicaNotUpToDate":
                wrong.append(f"{labels['alertname']}: the summary does not name {name}: {words['summary']}")
        if "pool" in labels and not {"site", "deployment", "paired_pool", "pair"} <= set(labels):
            wrong.append(f"{labels['alertname']}: of site, deployment, paired_pool and pair there are {sorted(labels)}")
        if not re.fullmatch(r"https?://\S+/" + labels["alertname"] + r"\.md", words["runbook_url"]):
            wrong.append(f"{labels['alertname']}: {words['runbook_url']}")
    wrong += [f"{name} fires nowhere at {MOMENTS}" for name in names if name not in seen]
    print("\n".join(wrong) or f"{len(seen)} alerts")
    sys.exit(1 if wrong else 0)


main()
