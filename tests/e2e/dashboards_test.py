"""A real Prometheus scrapes the agent in the midst of an incident: every query of every panel and annotation of the dashboards returns data, and
every variable has values."""

import json
import re
import subprocess
import time
import unittest
import urllib.parse

import lab
from lab import MODULES_2013, MODULES_2019
from watchers import Prometheus
from web_test import Web

# `secret of prom`
PROM = ("prom", "secret of prom", "$2b$10$abcdefghijklmnopqrstuuWzL.OK7PJbHDteW.6TWI8w8cZeaB8BG")
SEA, NYC, ATL, CHI, MIA, GONE = (f"{name}.example.com" for name in ("sea", "nyc", "atl", "chi", "mia", "gone"))
DASHBOARDS = sorted((lab.ROOT / "deploy" / "grafana" / "dashboards").glob("*.json"))
PATIENCE = 180  # seconds

# Panels that cannot have data here, and why.
NO_DATA = {
    "Kerberos tickets end in": "needs a KDC",
    "NTLM where Kerberos was wanted": "needs an endpoint of method negotiate, which needs a KDC",
}
CMDLETS = {
    "Get-CsManagementStoreReplicationStatus": {"objects": [
        {"ReplicaFqdn": "fe1.example.com", "UpToDate": True}, {"ReplicaFqdn": "fe2.example.com", "UpToDate": False}]}}


class Dashboards(Web):
    def setUp(self):
        super().setUp()
        self.write(json.dumps({"tls_server_config": self.tls, "basic_auth_users": {PROM[0]: PROM[2]}}))

    def scenario(self):
        return {"certificate": {"make": str(self.folder / "windows")},
                "listeners": [{"name": "one", "listen": "127.0.0.1:0", "users": {"svc-sfbmon": "hunter2"}, "server": {"cmdlets": CMDLETS},
                               "tls": {"certificate": str(self.folder / "windows" / "server.pem"), "key": str(self.folder / "windows" / "server.key")}},
                              {"name": "two", "listen": "127.0.0.1:0", "users": {"svc-sfbmon": "another"}}],
                "pools": {SEA: {"modules": MODULES_2019, "active_machine": "sea-fe1.example.com"},
                          NYC: {"modules": MODULES_2019, "states": {"ConfServices.DataConf": "ErrorState,NormalState"}}, MIA: {}}}

    def pools_of(self, simulator):
        """A pair over winrm, a pair of files of which one is missing, and a pool behind a wrong password, whose endpoint is left
        alone and whose partner is not configured."""
        self.write_secret("hunter2")
        place = {"site": "lab", "deployment": "corp"}
        settings = {
            "global": {"evaluation_interval": "3s", "evaluation_timeout": "2s", "min_live_interval": "0s"},
            "credentials": {"monitoring": {"method": "basic", "username": "svc-sfbmon", "password_file": "monitoring.password"}},
            "endpoints": {
                "one": {"transport": "winrm", "credentials": "monitoring", "url": simulator.url("one"),
                        "tls": {"ca_file": str(self.folder / "windows" / "ca.pem")}},
                "two": {"transport": "winrm", "credentials": "monitoring", "url": simulator.url("two"), "allow_unencrypted": True},
                "drop": {"transport": "file", "path": f"{self.folder}/exports/{{pool}}.clixml", "max_age": "10m"}},
            "pools": [
                {"fqdn": SEA, "endpoint": "one", "paired_pool": NYC, "collectors": {"management_store_replication": {"interval": "3s"}}, **place},
                {"fqdn": NYC, "endpoint": "one", "paired_pool": SEA, **place},
                {"fqdn": ATL, "endpoint": "drop", "paired_pool": CHI, **place},
                {"fqdn": CHI, "endpoint": "drop", "paired_pool": ATL, **place},
                {"fqdn": MIA, "endpoint": "two", "paired_pool": GONE, "site": ""}]}
        (self.folder / "agent.yml").write_text(json.dumps(settings, indent=1), encoding="utf-8")

    def rules(self):
        """The mixin's, with less patience: an alert must fire."""
        mixin = f"(import '{lab.ROOT}/deploy/mixin/mixin.libsonnet') + {{ _config+:: {{ errorSeconds: 5 }} }}"
        program = f"local m = {mixin}; std.manifestJson({{ groups: m.prometheusRules.groups + m.prometheusAlerts.groups }})"
        path = self.folder / "alerts.yml"
        path.write_text(subprocess.run(["jsonnet", "-S", "-e", program], capture_output=True, text=True, check=True).stdout, encoding="utf-8")
        return path

    def substituted(self, expr, board):
        for name, value in {"$__rate_interval": "30s", "$__range": "10m"}.items():
            expr = expr.replace(name, value)
        for each in board["templating"]["list"]:
            expr = re.sub(rf"\$\{{?{each['name']}\b\}}?", each.get("allValue") or "", expr)
        self.assertNotIn("$", expr)
        return expr

    def rows(self, prometheus, expr, instant):
        """What a panel would show: its series with at least one number."""
        if instant:
            parameters = {"query": expr}
        else:
            parameters = {"query": expr, "start": time.time() - 60, "end": time.time(), "step": 1}
        answer = prometheus.get(("/api/v1/query?" if instant else "/api/v1/query_range?") + urllib.parse.urlencode(parameters))
        series = answer["data"]["result"] if answer else []
        values = [([each["value"]] if instant else each["values"]) for each in series]
        return [each for each in values if any(number != "NaN" for _, number in each)]

    def questions(self):
        """(dashboard, panel, expression, instant)"""
        for board in (json.loads(path.read_text(encoding="utf-8")) for path in DASHBOARDS):
            for panel in board["panels"]:
                for target in panel.get("targets", []):
                    yield board["title"], panel["title"], self.substituted(target["expr"], board), target["instant"]
            for each in board["annotations"]["list"]:
                yield board["title"], each["name"], self.substituted(each["expr"], board), False

    def variables(self):
        """(variable, selector, label)"""
        for board in (json.loads(path.read_text(encoding="utf-8")) for path in DASHBOARDS):
            for each in board["templating"]["list"]:
                if each["type"] == "query":
                    selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)", each["query"]["query"]).groups()
                    yield f"{board['title']}: {each['name']}", self.substituted(selector, board), label

    def values(self, prometheus, selector, label):
        answer = prometheus.get(f"/api/v1/label/{label}/values?" + urllib.parse.urlencode({"match[]": selector}))
        return answer["data"] if answer else []

    def test_every_query_returns_data(self):
        with self.simulator(self.scenario()) as simulator:
            self.pools_of(simulator)
            self.drop_status(ATL)
            how = {"scheme": "https", "basic_auth": {"username": PROM[0], "password": PROM[1]}, "tls_config": {"ca_file": str(self.certificates / "ca.pem")}}
            with self.served(f"--storage.path={self.folder}/state") as agent, \
                    Prometheus(self.folder, {"sfb-backup": ([agent.address], how)}, self.rules()) as prometheus:
                self.wait(lambda: prometheus.value('ALERTS{alertname="SfbBackupExportError",alertstate="firing"}') == 1, "the alert", PATIENCE)
                simulator.set_pool(SEA, {"modules": MODULES_2019, "active_machine": "sea-fe2.example.com"})
                self.states_are_told(prometheus)
                left = [each for each in self.questions() if each[1] not in NO_DATA]
                self.assertGreater(len(left), 80)

                def answered():
                    left[:] = [each for each in left if not self.rows(prometheus, *each[2:])]
                    return not left
                self.wait(answered, lambda: "data for:\n" + "\n".join(f"{board}: {panel}: {expr}" for board, panel, expr, _ in left), PATIENCE)
                for name, selector, label in self.variables():
                    self.assertTrue(self.values(prometheus, selector, label), name)
                for board, panel, expr, instant in self.questions():
                    if panel in NO_DATA:
                        self.assertEqual(self.rows(prometheus, expr, instant), [], f"{panel}: has data, so it is no exception")
                self.nothing_is_said_twice(prometheus)
                self.unknown_is_told(prometheus, agent)

    def states_are_told(self, prometheus):
        """The codes behind the words of the panels: an error is the direction from its pool alone, and what is not known is 3."""
        def directions():
            return {(labels["source_pool"], labels["target_pool"]): value for labels, value in prometheus.query("pair_direction:sfb_backup_state:code")}
        # chi has no file: it is not known whether it imports what atl exports, nor what it exports. Nothing is known of mia, and its
        # partner is not configured.
        wanted = {(NYC, SEA): 6, (SEA, NYC): 0, (ATL, CHI): 3, (CHI, ATL): 3, (MIA, GONE): 3, (GONE, MIA): 3}
        self.wait(lambda: directions() == wanted, lambda: f"{wanted}, not {directions()}", PATIENCE)

        def verdicts():
            return {labels["pool"]: value for labels, value in prometheus.query("pool:sfb_backup_verdict:code")}
        told = {SEA: 0, NYC: 4, ATL: 0, CHI: 2, MIA: 2}
        self.wait(lambda: verdicts() == told, lambda: f"{told}, not {verdicts()}", PATIENCE)

    def nothing_is_said_twice(self, prometheus):
        """Columns of a table are made one by their labels: none may have a name of a metric among them, or two values for a row."""
        for board in (json.loads(path.read_text(encoding="utf-8")) for path in DASHBOARDS):
            for panel in board["panels"]:
                for target in panel.get("targets", []) if panel["type"] == "table" else []:
                    labels = [labels for labels, _ in prometheus.query(self.substituted(target["expr"], board))]
                    self.assertFalse([each for each in labels if "__name__" in each], panel["title"])

    def unknown_is_told(self, prometheus, agent):
        """An agent that is gone leaves unknown behind, not the last good word and not an empty page."""
        agent.process.terminate()
        agent.process.wait()

        def codes(record):
            return {value for _, value in prometheus.query(record)}
        self.wait(lambda: prometheus.value('up{job="sfb-backup"}') == 0, "the agent to be missed", PATIENCE)
        for record, unknown in (("pool:sfb_backup_verdict:code", 2), ("pair_direction:sfb_backup_state:code", 3),
                                ("pool_module:sfb_backup_module_export_state:code", 3), ("pool_module:sfb_backup_module_import_state:code", 3)):
            self.wait(lambda record=record, unknown=unknown: codes(record) == {unknown}, f"{record} to be {unknown}", PATIENCE)
        self.wait(lambda: prometheus.query("pair_direction:sfb_backup_up:min") == [], "nothing to be said of what is up", PATIENCE)


def load_tests(loader, _tests, _pattern):
    """The base class has tests of its own, which run elsewhere."""
    return loader.suiteClass([Dashboards("test_every_query_returns_data")])


if __name__ == "__main__":
    unittest.main(verbosity=2)
