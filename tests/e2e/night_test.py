"""A night on call, from one end to the other: a front end pushes a bad state, the rule fires, Alertmanager tells of it, the page shows it with its
reason on a phone. In the midst the agent is killed and started again: page, metric and alert go on with the same since. Then all three are well
again. The agent, Prometheus, Alertmanager and Chromium are real; the rules are the mixin's with a shorter threshold. SFB_PICTURES=FOLDER keeps what
the page looked like."""

import datetime
import json
import unittest

import browser
import lab
from incidents import DEPLOY, PATIENCE, forget_at_once, short_rules, stored
from lab import MODULES_2019, LabTest, error_record, status_object, wrapper
from watchers import Alertmanager, Prometheus

ATL, CHI = "atl-cs-001.litwareinc.com", "chi-cs-001.litwareinc.com"
MODULE = "ConfServices.DataConf"
ALERT = {"alertname": "SfbBackupExportError", "pool": ATL, "module": MODULE}
LABELS = f'pool="{ATL}",module="{MODULE}"'
SINCE = f"sfb_backup_module_export_state_change_timestamp_seconds{{{LABELS}}}"
WORKING = f'sfb_backup_service_working{{pool="{ATL}"}}'
# Since when the alert's own rule takes the state to be there.
RULE_SINCE = ("timestamp(pool_module:sfb_backup_module_export_state_age_seconds:max{%(labels)s}) "
              "- pool_module:sfb_backup_module_export_state_age_seconds:max{%(labels)s}" % {"labels": LABELS})
TOKEN = "0123456789abcdef0123"


def setUpModule():
    browser.demand()


def seconds(text):
    """Of a time as the API and the page write it."""
    return datetime.datetime.fromisoformat(text[:26].rstrip("Z").ljust(26, "0")).replace(tzinfo=datetime.timezone.utc).timestamp()


class Night(LabTest):
    def configure_push(self):
        token = self.folder / "token"
        token.write_text(TOKEN + "\n", encoding="utf-8")
        token.chmod(0o600)
        (self.folder / "agent.yml").write_text(json.dumps({
            "global": {"evaluation_interval": "2s", "evaluation_timeout": "1s"},
            "endpoints": {"inbox": {"transport": "push", "max_age": "1h", "from": {"tokens": ["front-ends"]}}},
            "pools": [{"fqdn": ATL, "endpoint": "inbox", "paired_pool": CHI, "site": "Atlanta", "deployment": "litware", "cms_master": True},
                      {"fqdn": CHI, "endpoint": "inbox", "paired_pool": ATL, "site": "Chicago", "deployment": "litware"}],
            "authorization": {"allow_anonymous": "loopback", "tokens": [{"name": "front-ends", "token_file": "token"}]}}), encoding="utf-8")

    def push(self, agent, pool, states=None, errors=""):
        usual = {module: ("NotInitialized", "NotInitialized") for module in MODULES_2019[3:]}
        if pool == CHI:
            usual["CentralMgmt.CMSMaster"] = ("NotInitialized", "NormalState")
        body = wrapper(pool, status_object(MODULES_2019, {**usual, **(states or {})}), errors)
        answer = agent.request(f"/api/v1/exports/{pool}", {"Authorization": f"Bearer {TOKEN}"}, "PUT", body.encode())
        self.assertEqual(answer.status, 204, answer.text)

    def api_since(self, agent):
        modules = agent.request(f"/api/v1/pools/{ATL}").json()["modules"]
        return next(each["export"]["since"] for each in modules if each["identity"] == MODULE)

    def look(self, agent, standing, name):
        """What the page says of the pool, on a phone and on its own page."""
        said = browser.look("night.cjs", {"address": f"http://{agent.address}", "pool": ATL, "module": MODULE, "standing": standing,
                                          "pictures": browser.pictures(), "name": name})
        found = [json.loads(line.removeprefix("found ")) for line in said.splitlines() if line.startswith("found ")]
        self.assertEqual(len(found), 2, said)
        return found

    def shows_the_incident(self, agent, name):
        """The page says what is broken and why. Returns since when, in seconds."""
        phone, pool = self.look(agent, "bad", name)
        for seen in (phone, pool):
            self.assertIn("not working", seen["title"])
            self.assertEqual((seen["verdict"], seen["health"]), ("Not working.", "bad"))
            self.assertIn(f"{MODULE}: export is ErrorState", seen["grounds"][0])
            self.assertEqual(seen["runbooks"][0], "http://wiki.example.org/sfb/SfbBackupExportError.md")
            self.assertIn("ErrorState", seen["words"])
            self.assertEqual(seen["groundTimes"], [seen["since"]])
        self.assertEqual(phone["since"], pool["since"])
        return seconds(phone["since"])

    def same_since(self, agent, prometheus, since):
        """Page, API, metric and the rule of the alert tell one and the same time."""
        self.assertEqual(agent.value(SINCE), since)
        self.assertAlmostEqual(seconds(self.api_since(agent)), since, delta=0.001)
        self.assertEqual(self.wait(lambda: prometheus.value(SINCE), "the metric in Prometheus", PATIENCE), since)
        self.assertAlmostEqual(self.wait(lambda: prometheus.value(RULE_SINCE), "the rule's own time", PATIENCE), since, delta=0.002)

    def test_from_the_first_alert_to_the_end(self):
        self.configure_push()
        rules = self.folder / "alerts.yml"
        rules.write_text(short_rules(errorSeconds=5), encoding="utf-8")
        address = f"127.0.0.1:{lab.free_port()}"
        arguments = (f"--storage.path={self.folder}/state", "--web.runbook-url=http://wiki.example.org/sfb")
        with Alertmanager(self.folder, DEPLOY / "prometheus" / "alertmanager.yml") as alertmanager, \
                Prometheus(self.folder, {"sfb-backup": ([address], {})}, rules, alertmanager) as prometheus:
            with self.agent(*arguments, addresses=(address,)) as agent:
                for pool in (ATL, CHI):
                    self.push(agent, pool)
                self.wait(lambda: prometheus.value(WORKING) == 1, "a healthy pool", PATIENCE)
                self.wait(lambda: alertmanager.get("/api/v2/status") and prometheus.reaches_alertmanager(), "Alertmanager", PATIENCE)
                self.assertIsNone(alertmanager.alert(**ALERT))
                task = {"address": f"http://{address}", "pool": ATL, "watch": ["good", "bad", "good"]}
                with browser.watching("night.cjs", task) as tab:
                    self.assertEqual(tab.stdout.readline(), "seen good\n")
                    self.incident(agent, prometheus, alertmanager, tab)
                    with self.agent(*arguments, addresses=(address,)) as again:
                        self.after_the_kill(again, prometheus, alertmanager, rules)
                        # The tab was never loaded anew.
                        self.assertEqual(tab.stdout.read(), "seen good\nok the tab that stays open\n")
                        self.assertEqual(tab.wait(lab.WAIT), 0)

    def incident(self, agent, prometheus, alertmanager, tab):
        """Begins, is told everywhere, and the agent is killed."""
        self.push(agent, ATL, {MODULE: ("ErrorState", "NormalState")}, error_record("The file store of chi-cs-001 is not reached."))
        self.alert = self.wait(lambda: alertmanager.alert(**ALERT), "the alert in Alertmanager", PATIENCE)
        self.assertEqual((self.alert["labels"]["paired_pool"], self.alert["labels"]["severity"]), (CHI, "critical"))
        self.assertIn(MODULE, self.alert["annotations"]["summary"])
        self.assertEqual(tab.stdout.readline(), "seen bad\n")
        self.since = agent.value(SINCE)
        self.assertAlmostEqual(self.shows_the_incident(agent, "first"), self.since, delta=0.001)
        self.same_since(agent, prometheus, self.since)
        self.active = self.wait(lambda: prometheus.fires(ALERT), "the alert in Prometheus", PATIENCE)["activeAt"]
        self.assertGreaterEqual(seconds(self.active), self.since + 5)
        self.process = prometheus.known("process_start_time_seconds", PATIENCE)
        self.wait(lambda: stored(self.folder, ATL, "ErrorState"), "the change in the state", PATIENCE)
        agent.process.kill()
        agent.process.wait()

    def after_the_kill(self, agent, prometheus, alertmanager, rules):
        """The incident goes on as one, and ends."""
        self.assertAlmostEqual(self.shows_the_incident(agent, "restarted"), self.since, delta=0.001)
        self.wait(lambda: (prometheus.value("process_start_time_seconds") or self.process) > self.process, "a scrape of the new agent", PATIENCE)
        again = self.wait(lambda: prometheus.fires(ALERT), "the alert to go on", PATIENCE)
        self.assertEqual(again["activeAt"], self.active, "one and the same alert")
        told = self.wait(lambda: alertmanager.alert(**ALERT), "the alert in Alertmanager still", PATIENCE)
        self.assertEqual(told["startsAt"], self.alert["startsAt"])
        self.same_since(agent, prometheus, self.since)
        forget_at_once(prometheus, rules, ALERT["alertname"])
        self.wait(lambda: alertmanager.alert(**ALERT), "the alert to go on with the new rules", PATIENCE)
        self.push(agent, ATL)
        self.wait(lambda: prometheus.value(WORKING) == 1, "the healed pool", PATIENCE)
        self.wait(lambda: alertmanager.alert(**ALERT) is None, "the alert to be resolved", PATIENCE)
        for seen in self.look(agent, "good", "resolved"):
            self.assertEqual((seen["verdict"], seen["health"], seen["grounds"]), ("Working.", "good", []))
            self.assertGreater(seconds(seen["since"]), self.since)
        self.assertGreater(agent.value(SINCE), self.since)


if __name__ == "__main__":
    unittest.main(verbosity=2)
