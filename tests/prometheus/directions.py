#!/usr/bin/env python3
"""The recording rules of the two directions of a pair: directions.py ALERTS.yml

A module in error at a is the direction a -> b alone; an import in error at b is that direction, too. So it is with the codes of the dashboards.
"""
import sys

import incidents


SHORT = ("an export in error for three hours", "an import in error for two hours")


def rows(rules, words, record, minute):
    output = incidents.promtool(rules, incidents.load(words, words in SHORT), [(record, minute)])
    return {(labels["source_pool"], labels["target_pool"], labels["pair"], *([labels["module"]] if "module" in labels else [])): value
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
    # 6 is an error, 2 the accepted NotInitialized of b: the state of a direction is the worst of both ends. The error began at minute 60.
    for words in SHORT:
        state = rows(rules, words, "pair_direction:sfb_backup_state:code", 100)
        assert state == {there: 6, back: 2}, state
    age = rows(rules, SHORT[0], "pair_direction:sfb_backup_bad_age_seconds:max", 100)
    assert age == {there: 40 * 60}, age
    up = rows(rules, SHORT[0], "pair_direction:sfb_backup_up:min", 100)
    assert up == {there: 1, back: 1}, up
    print("both directions are told apart")


main()
