#!/usr/bin/env python3
"""A configured number of shards: shards.py RULES_OF_FOUR RULES

With `totalShards: 4` the alert fires where agents say 4 and one is missing, where all say another number, and where none says
any; not where all four are there. Without it agents that have no shards fire nothing.
"""
import sys

import incidents
import simulation

TEXTS = {"four of four": (4, range(4)), "three of four": (4, range(3)), "three of three": (3, range(3)), "no shards": (None, ())}
FIRING = ('ALERTS{alertname="SfbBackupShardMissing",alertstate="firing"}', 60)


def fires(rules, total, ordinals):
    events = [f'sfb_backup_exporter_{name}{{instance="e{ordinal}"}} = {value}' for ordinal in ordinals
              for name, value in (("shard_ordinal", ordinal), ("total_shards", total))]
    incident = simulation.Incident({"name": "shards", "hours": 1, "events": {0: events}}, "sfb-backup")
    return bool(list(incidents.samples(incidents.promtool(rules, [incident], [FIRING]))))


def main():
    found = [{name: fires(rules, *text) for name, text in TEXTS.items()} for rules in sys.argv[1:3]]
    wanted = [{"four of four": False, "three of four": True, "three of three": True, "no shards": True},
              {"four of four": False, "three of four": True, "three of three": False, "no shards": False}]
    print(*found, sep="\n")
    sys.exit(0 if found == wanted else 1)


main()
