#!/usr/bin/env python3
"""The alerts on the agent itself say which of two agents it is: agents.py ALERTS.yml

Alerts have no label `instance`, so the description must name it. Of two agents the second has each of these troubles: its
name must stand there, that of the first must not.
"""
import re
import sys

import incidents
import simulation

POOL, ENDPOINT = '{instance="%s",pool="a"}', '{instance="%s",endpoint="dc"}'
# alert -> series, and their values at the first agent and at the second.
TROUBLES = {
    "SfbBackupReloadRefused": [("sfb_backup_exporter_config_last_reload_successful", 1, 0)],
    "SfbBackupWebConfigRefused": [("sfb_backup_exporter_web_config_last_reload_successful", 1, 0)],
    "SfbBackupWebCertificateEnding": [("sfb_backup_exporter_web_certificate_expiry_timestamp_seconds", 9000000, 260000)],
    "SfbBackupStateDatabaseNotWritable": [("sfb_backup_exporter_state_database_writable", 1, 0)],
    "SfbBackupGroupsUnknown": [("sfb_backup_exporter_groups_unresolved", 0, 1),
                               ("sfb_backup_exporter_group_lookup_last_success_timestamp_seconds", 9000, 9000)],
    "SfbBackupPoolsMissing": [("sfb_backup_exporter_configured_pools", 2, 3)],
    "SfbBackupNonFatalErrors": [("sfb_backup_nonfatal_errors" + POOL, 0, 2)],
    "SfbBackupNtlmUsed": [("sfb_backup_endpoint_ntlm_logons_total" + ENDPOINT, 0, 1)],
}
MINUTE = 150


def series(name, agent):
    return name % agent if "{" in name else name + f'{{instance="{agent}"}}'


def main():
    events = [f"{series(name, agent)} = {value}" for troubles in TROUBLES.values() for name, *values in troubles
              for agent, value in zip(("e1", "e2"), values)]
    # A pool that only the second agent has, and never evaluates.
    events += ['sfb_backup_evaluation_interval_seconds{instance="e2",pool="hung"} = 120']
    late = [event for event in events if "ntlm" in event]
    incident = simulation.Incident({"name": "agents", "hours": 3, "agents": 2,
                                    "events": {0: [event for event in events if event not in late], 120: late}}, "sfb-backup")
    output = incidents.promtool(sys.argv[1], [incident], [], [(name, MINUTE) for name in TROUBLES])
    seen, wrong = set(), []
    for labels, annotations in re.findall(r"Labels:(\{.*\})\s*\n\s*Annotations:(\{.*\})", output):
        alert, text = incidents.labels_of(labels)["alertname"], incidents.labels_of(annotations)["description"]
        seen.add(alert)
        if not re.search(r"\be2\b", text) or re.search(r"\be1\b", text):
            wrong.append(f"{alert} does not name e2 alone: {text}")
        if alert == "SfbBackupPoolsMissing" and "hung (e2)" not in text:
            wrong.append(f"{alert} does not name the pool: {text}")
    wrong += [f"{alert} does not fire" for alert in TROUBLES if alert not in seen]
    print("\n".join(wrong) or f"{len(seen)} alerts name their agent")
    sys.exit(1 if wrong else 0)


main()
