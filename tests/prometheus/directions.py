#!/usr/bin/env python3
"""The recording rules of the two directions of a pair: directions.py ALERTS.yml

A module in error at a is the direction a -> b alone; an import in error at b is that direction, too.
"""
import sys

import incidents


SHORT = ("an export in error for three hours", "an import in error for two hours")


def rows(rules, words, record, minute):
    output = incidents.promtool(rules, incidents.load(words, words in SHORT), [(record, minute)])
    return {(labels["source_pool"], labels["target_pool"], labels["pair"], labels["module"]): value
            for _, labels, value in incidents.samples(output) if not {"pool", "paired_pool", "instance"} & set(labels)}


def main():
    rules, module = sys.argv[1], "ConfServices.DataConf"
    there, back = ("a", "b", "a/b"), ("b", "a", "a/b")
    lag = rows(rules, "an export in error for three hours", "pair_direction:sfb_backup_module_export_lag_seconds:max", 100)
    assert lag[(*there, module)] == 100 * 60 - 58 * 60 and lag[(*back, module)] == 0, lag
    unhealthy = rows(rules, "an export in error for three hours", "pair_direction:sfb_backup_module_export_unhealthy:max", 100)
    assert [key for key, value in unhealthy.items() if value] == [(*there, module)], unhealthy
    imports = rows(rules, "an import in error for two hours", "pair_direction:sfb_backup_module_import_error:max", 100)
    assert [key for key, value in imports.items() if value] == [(*there, "UserServices.PresenceFocus")], imports
    print("both directions are told apart")


main()
