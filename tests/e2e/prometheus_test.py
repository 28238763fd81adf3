"""Real Prometheus scrapes the real agent with the rules we ship; series and a firing alert are queried back. Both formats are parsed by
strict parsers and compared sample by sample."""

import json
import re
import signal
import subprocess
import time
import unittest

import yaml

import lab
from lab import LabTest, MODULES_2013
from watchers import Prometheus

ATL, CHI = "atl.example.com", "chi.example.com"
CHECK_PAGE = lab.ROOT / "tests" / "exposition" / "check_page.py"


class Pages(LabTest):
    def test_both_formats_are_strict_and_equal(self):
        self.configure()
        self.drop_status(ATL, {"ConfServices.DataConf": ("ErrorState", "Odd\\Word")})
        with self.agent() as agent:  # chi has no file: a pool without any answer is on the page too
            self.wait(agent.ready, "ready")
            agent.metrics()
            time.sleep(1.1)  # pages are up to a second old: the counter of that request must be on both
            text = agent.request("/metrics", {"Accept": "text/plain;version=0.0.4"})
            openmetrics = agent.request("/metrics", {"Accept": "application/openmetrics-text;version=1.0.0"})
            self.assertEqual(text.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
            self.assertEqual(openmetrics.headers["Content-Type"], "application/openmetrics-text; version=1.0.0; charset=utf-8")
            self.assertEqual(text.headers["Vary"], "Accept, Accept-Encoding")
            pages = []
            for name, answer in (("page.txt", text), ("page.om", openmetrics)):
                page = answer.text
                if name == "page.om":
                    self.assertTrue(page.endswith("# EOF\n"))
                path = self.folder / name
                path.write_text(page, encoding="utf-8")
                pages.append(str(path))
            # The agent goes on between the two scrapes: its own counters and the last evaluation may differ in value, nothing else.
            moving = "process_.*|sfb_backup_exporter_.*|sfb_backup_(evaluation|last_evaluation).*"
            run = subprocess.run([str(CHECK_PAGE), *pages, "--ignore-values", moving], capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_gzip(self):
        import gzip
        self.configure()
        self.drop_status(ATL)
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            packed = agent.request("/metrics", {"Accept-Encoding": "gzip"})
            self.assertEqual(packed.headers["Content-Encoding"], "gzip")
            self.assertIn(b"sfb_backup_up", gzip.decompress(packed.body))
            for header in ("gzip;q=0", "identity", "br"):
                self.assertIsNone(agent.request("/metrics", {"Accept-Encoding": header}).headers["Content-Encoding"], header)


class Scraped(LabTest):
    def test_series_and_a_firing_alert(self):
        self.configure()
        self.drop_status(ATL, {"ConfServices.DataConf": ("ErrorState", "NormalState")})
        self.drop_status(CHI)
        # The shipped rules, only their waiting times shortened: a test has no 15 minutes.
        rules = (lab.ROOT / "deploy" / "prometheus" / "alerts.yml").read_text()
        shortened = re.sub(r"^(\s+)>= 900$", r"\1>= 0", re.sub(r"^(\s+)for: .*$", r"\1for: 0s", rules, flags=re.M), flags=re.M)
        self.assertIn(">= 900", rules)
        self.assertNotEqual(rules, shortened)
        (self.folder / "alerts.yml").write_text(shortened)
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            with Prometheus(self.folder, {"sfb-backup": ([agent.address], {})}, self.folder / "alerts.yml") as prometheus:
                self.wait(lambda: prometheus.value('up{job="sfb-backup"}') == 1, "the first scrape")
                self.wait(lambda: prometheus.value(f'sfb_backup_service_working{{pool="{ATL}"}}') == 0, "the verdict")
                self.assertEqual(prometheus.known(f'sfb_backup_service_working{{pool="{CHI}"}}'), 1)
                self.assertEqual(prometheus.known(f'count(sfb_backup_module_export_state{{pool="{ATL}"}})'), 6 * len(MODULES_2013))
                expected = ("SfbBackupExportError", ATL, "ConfServices.DataConf")
                self.wait(lambda: expected in prometheus.firing(), "the alert to fire")
                self.assertNotIn(("SfbBackupExportError", CHI, "ConfServices.DataConf"), prometheus.firing())
                metadata = self.wait(lambda: prometheus.get("/api/v1/metadata"), "the metadata")["data"]
                self.assertEqual(metadata["sfb_backup_module_export_state"][0]["type"], "stateset")
                self.drop_status(ATL)
                self.wait(lambda: prometheus.value(f'sfb_backup_service_working{{pool="{ATL}"}}') == 1, "the healed pool")


class Probed(LabTest):
    """As deploy/prometheus/probe.yml has it: /probe, with the pools from /http_sd."""

    def test_each_pool_is_a_target_while_it_is_configured(self):
        self.configure()
        self.drop_status(ATL, {"ConfServices.DataConf": ("ErrorState", "NormalState")})
        self.drop_status(CHI)
        rules = self.folder / "none.yml"
        rules.write_text("groups: []\n")
        shipped = (lab.ROOT / "deploy" / "prometheus" / "probe.yml").read_text()
        with self.agent() as agent:
            self.assertEqual(shipped.count("127.0.0.1:9943"), 2)
            (job,) = yaml.safe_load(shipped.replace("127.0.0.1:9943", agent.address))["scrape_configs"]
            # Only sooner: a test has no two minutes.
            job["scrape_interval"] = job["scrape_timeout"] = "2s"
            job["http_sd_configs"][0]["refresh_interval"] = "1s"
            with Prometheus(self.folder, {job.pop("job_name"): ([], job)}, rules) as prometheus:
                for pool, working in ((ATL, 0), (CHI, 1)):
                    of_pool = f'{{job="sfb-backup", instance="{pool}"}}'
                    self.wait(lambda series=of_pool: prometheus.value("up" + series) == 1, f"{pool} to be scraped")
                    self.wait(lambda series=of_pool: prometheus.value("probe_success" + series) == 1, f"a good probe of {pool}")
                    self.wait(lambda series=of_pool, wanted=working: prometheus.value("sfb_backup_service_working" + series) == wanted,
                              f"the verdict on {pool}")
                    found = self.wait(lambda series=of_pool: prometheus.query("sfb_backup_up" + series), f"the series of {pool}")
                    self.assertEqual([labels["pool"] for labels, _ in found], [pool])
                self.wait(lambda: prometheus.value("count(sfb_backup_up)") == 2, "both pools, and none twice")
                active = self.wait(lambda: prometheus.get("/api/v1/targets"), "the targets")["data"]["activeTargets"]
                targets = {target["labels"]["instance"]: target for target in active}
                self.assertEqual({pool: target["scrapeUrl"] for pool, target in targets.items()},
                                 {pool: f"http://{agent.address}/probe?target={pool}" for pool in (ATL, CHI)})
                self.assertEqual({pool: target["discoveredLabels"]["__meta_sfb_site"] for pool, target in targets.items()}, {ATL: "lab", CHI: "lab"},
                                 json.dumps(targets))
                # A probe is an evaluation of its own.
                self.assertIn("probe", {entry["trigger"] for entry in agent.history(ATL)["history"]})
                self.configure(pools={ATL: "partner.example.com"})
                agent.signal(signal.SIGHUP)
                self.wait(lambda: prometheus.value(f'up{{instance="{CHI}"}}') is None, "the pool that is gone to be no target")
                self.wait(lambda: prometheus.value(f'up{{instance="{ATL}"}}') == 1, "the other pool to be scraped still")


if __name__ == "__main__":
    unittest.main(verbosity=2)
