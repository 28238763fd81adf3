"""Real Prometheus scrapes the real agent with the rules we ship; series and a firing alert are queried back. Both formats are parsed by
strict parsers and compared sample by sample."""

import re
import subprocess
import time
import unittest

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
                self.assertEqual(prometheus.value(f'sfb_backup_service_working{{pool="{CHI}"}}'), 1)
                self.assertEqual(prometheus.value(f'count(sfb_backup_module_export_state{{pool="{ATL}"}})'), 6 * len(MODULES_2013))
                expected = ("SfbBackupExportError", ATL, "ConfServices.DataConf")
                self.wait(lambda: expected in prometheus.firing(), "the alert to fire")
                self.assertNotIn(("SfbBackupExportError", CHI, "ConfServices.DataConf"), prometheus.firing())
                metadata = prometheus.get("/api/v1/metadata")["data"]
                self.assertEqual(metadata["sfb_backup_module_export_state"][0]["type"], "stateset")
                self.drop_status(ATL)
                self.wait(lambda: prometheus.value(f'sfb_backup_service_working{{pool="{ATL}"}}') == 1, "the healed pool")


if __name__ == "__main__":
    unittest.main(verbosity=2)
