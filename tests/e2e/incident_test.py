"""An incident from its beginning to its end: the drop of a pool, the metric, the rule, Alertmanager's API. In its midst the agent is killed
and started again. The rules are the mixin's; its `_config` waits seconds for what an operator waits a quarter of an hour."""

import unittest

import lab
from incidents import DEPLOY, PATIENCE, forget_at_once, short_rules, stored
from lab import LabTest
from watchers import Alertmanager, Prometheus

ATL, CHI = "atl.example.com", "chi.example.com"
MODULE = "ConfServices.DataConf"
ALERT = {"alertname": "SfbBackupExportError", "pool": ATL, "module": MODULE}
SINCE = f'sfb_backup_module_export_state_change_timestamp_seconds{{pool="{ATL}",module="{MODULE}"}}'
WORKING = f'sfb_backup_service_working{{pool="{ATL}"}}'


class Incident(LabTest):
    def since(self, agent):
        modules = agent.request(f"/api/v1/pools/{ATL}").json()["modules"]
        return next(each["export"]["since"] for each in modules if each["identity"] == MODULE)

    def test_it_fires_over_a_kill_and_is_resolved(self):
        self.configure()
        file = self.folder / "alerts.yml"
        file.write_text(short_rules(errorSeconds=5), encoding="utf-8")
        bad = {MODULE: ("ErrorState", "NormalState")}
        self.drop_status(ATL)
        self.drop_status(CHI)
        port = lab.free_port()
        address, storage = f"127.0.0.1:{port}", f"--storage.path={self.folder}/state"
        with Alertmanager(self.folder, DEPLOY / "prometheus" / "alertmanager.yml") as alertmanager, \
                Prometheus(self.folder, {"sfb-backup": ([address], {})}, file, alertmanager) as prometheus:
            with self.agent(storage, addresses=(address,)) as agent:
                self.wait(lambda: prometheus.value(WORKING) == 1, "a healthy pool", PATIENCE)
                self.wait(lambda: alertmanager.get("/api/v2/status") and prometheus.reaches_alertmanager(), "Alertmanager", PATIENCE)
                self.assertIsNone(alertmanager.alert(**ALERT))
                self.drop_status(ATL, bad)
                self.wait(lambda: agent.value(f'sfb_backup_module_working{{pool="{ATL}",module="{MODULE}"}}') == 0, "the metric", PATIENCE)
                before = agent.value(SINCE), self.since(agent)
                alert = self.wait(lambda: alertmanager.alert(**ALERT), "the alert in Alertmanager", PATIENCE)
                self.assertEqual((alert["labels"]["paired_pool"], alert["labels"]["severity"]), (CHI, "critical"))
                self.assertNotIn("instance", alert["labels"])
                self.assertIn(MODULE, alert["annotations"]["summary"])
                active = self.wait(lambda: prometheus.fires(ALERT), "the alert in Prometheus", PATIENCE)["activeAt"]
                process = prometheus.known("process_start_time_seconds", PATIENCE)
                self.wait(lambda: stored(self.folder, ATL, "ErrorState"), "the change in the state", PATIENCE)
                agent.process.kill()
                agent.process.wait()
            with self.agent(storage, addresses=(address,)) as agent:
                self.assertEqual((agent.value(SINCE), self.since(agent)), before)
                self.wait(lambda: (prometheus.value("process_start_time_seconds") or process) > process, "a scrape of the new agent", PATIENCE)
                again = self.wait(lambda: prometheus.fires(ALERT), "the alert to go on", PATIENCE)
                self.assertEqual(again["activeAt"], active, "one and the same alert")
                self.assertEqual(prometheus.known(SINCE, PATIENCE), before[0])
                told = self.wait(lambda: alertmanager.alert(**ALERT), "the alert in Alertmanager still", PATIENCE)
                self.assertEqual(told["startsAt"], alert["startsAt"])
                forget_at_once(prometheus, file, ALERT["alertname"])
                self.drop_status(ATL)
                self.wait(lambda: prometheus.value(WORKING) == 1, "the healed pool", PATIENCE)
                self.wait(lambda: alertmanager.alert(**ALERT) is None, "the alert to be resolved", PATIENCE)
                self.assertGreater(agent.value(SINCE), before[0])


if __name__ == "__main__":
    unittest.main(verbosity=2)
