"""What the tests of a whole incident share: the mixin's rules in seconds instead of minutes, and what the agent's state holds."""

import json
import signal
import sqlite3
import subprocess

import lab

DEPLOY = lab.ROOT / "deploy"
PATIENCE = 90  # seconds
KEEPS = '"keep_firing_for": "10m"'


def short_rules(**config):
    """The mixin's rules with other values of its `_config`, as JSON, which is YAML."""
    overlay = ", ".join(f"{name}: {json.dumps(value)}" for name, value in config.items())
    program = (f"local m = (import '{DEPLOY}/mixin/mixin.libsonnet') + {{ _config+:: {{ {overlay} }} }}; "
               "std.manifestJson({ groups: m.prometheusRules.groups + m.prometheusAlerts.groups })")
    return subprocess.run(["jsonnet", "-S", "-e", program], capture_output=True, text=True, check=True).stdout


def forget_at_once(prometheus, rules, alert):
    """From now on alerts end with their condition; ten minutes more are too long for a test. `rules`: the file of short_rules() in use."""
    text = rules.read_text(encoding="utf-8")
    if KEEPS not in text:
        raise AssertionError(f"{rules} does not hold {KEEPS}")
    rules.write_text(text.replace(KEEPS, '"keep_firing_for": "1s"'), encoding="utf-8")
    prometheus.process.send_signal(signal.SIGHUP)
    lab.wait_for(lambda: (prometheus.rule(alert) or {}).get("keepFiringFor") == 1, "the new rules", PATIENCE)
    lab.wait_for(prometheus.reaches_alertmanager, "Alertmanager once more", PATIENCE)


def stored(folder, pool, state):
    """Whether the state in folder/state knows such a state of a module of the pool, so that a kill does not lose it."""
    with sqlite3.connect(f"file:{folder}/state/state.db?mode=ro", uri=True) as database:
        rows = database.execute("SELECT memory FROM pool WHERE pool = ?", (pool,)).fetchall()
    return any(f"\t{state}\t" in memory for (memory,) in rows)
