"""Many pools, one of which changes every second, while real Prometheus, curl, gzip and Python read the page: it is put together from blocks
that are kept, so every page is another mixture of old and new ones. SFB_CHANGES_SECONDS: how long (20)."""

import collections
import gzip
import http.client
import os
import re
import subprocess
import time
import unittest

import lab
from lab import LabTest, MODULES_2013
from watchers import Prometheus

SECONDS = int(os.environ.get("SFB_CHANGES_SECONDS", "20"))
BAD = re.compile(r'^sfb_backup_module_export_state\{pool="([^"]+)",module="[^"]+",sfb_backup_module_export_state="ErrorState"\} 1$', re.M)
SERIES = re.compile(r"^([a-z_]+(?:\{.*\})?) \S+$", re.M)


def name(number):
    return f"pool-{number:04d}.example.com"


class Changes(LabTest):
    def configure_many(self, count):
        pools = "\n".join(f"  - {{fqdn: {name(n)}, endpoint: drop, paired_pool: {name(n ^ 1)}, site: lab}}" for n in range(count))
        (self.folder / "agent.yml").write_text(
            "global: {evaluation_interval: 1m, evaluation_timeout: 10s}\n"
            f"endpoints:\n  drop: {{transport: file, path: '{self.folder}/exports/{{pool}}.clixml', max_age: 50m}}\n"
            f"pools:\n{pools}\nauthorization: {{allow_anonymous: loopback}}\n", encoding="utf-8")

    def page(self, agent, tool):
        """The page, unpacked by this tool."""
        url = f"http://{agent.address}/metrics"
        if tool == "curl":
            return subprocess.run(["curl", "-sSf", "--compressed", url], capture_output=True, check=True).stdout.decode()
        packed = agent.request("/metrics", {"Accept-Encoding": "gzip"}).body
        if tool == "gzip":
            subprocess.run(["gzip", "-t"], input=packed, check=True)
            return subprocess.run(["gzip", "-dc"], input=packed, capture_output=True, check=True).stdout.decode()
        return gzip.decompress(packed).decode()

    def own_metrics(self, prometheus):
        connection = http.client.HTTPConnection("127.0.0.1", prometheus.port, timeout=30)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        return {line.split(" ")[0]: float(line.split(" ")[1]) for line in text.splitlines() if line.startswith("prometheus_target_scrape")
                and "{" not in line}

    def test_a_page_in_one_piece(self):
        self.every_reader_sees_each_change(1000, "5s")

    def test_a_page_in_many_pieces(self):
        """One of more than 2,000 pools."""
        self.every_reader_sees_each_change(2100, "10s")

    def every_reader_sees_each_change(self, count, period):
        self.configure_many(count)
        for number in range(count):
            self.drop_status(name(number))
        bad = set()
        (self.folder / "rules.yml").write_text("groups: []\n")
        with self.agent() as agent:
            self.wait(lambda: agent.metrics().count("\nsfb_backup_service_working{") == count, "all pools", 180)
            jobs = {"sfb": ([agent.address], {"scrape_interval": period, "scrape_timeout": period})}
            with Prometheus(self.folder, jobs, self.folder / "rules.yml") as prometheus:
                self.wait(lambda: prometheus.value('up{job="sfb"}') == 1, "the first scrape", 60)
                end, step = time.monotonic() + SECONDS, 0
                while time.monotonic() < end:
                    pool = name(step * 37 % count)
                    bad ^= {pool}
                    self.drop_status(pool, {MODULES_2013[0]: ("ErrorState" if pool in bad else "SteadyState", "NormalState")})
                    tool = ("python", "gzip", "curl")[step % 3]
                    self.wait(lambda t=tool: set(BAD.findall(self.page(agent, t))) == bad, f"change {step}, read by {tool}")
                    step += 1
                    time.sleep(max(0.0, min(1.0, end - time.monotonic())))
                twice = [series for series, times in collections.Counter(SERIES.findall(self.page(agent, "python"))).items() if times > 1]
                self.assertEqual(twice, [])
                ones = 'sfb_backup_module_export_state{sfb_backup_module_export_state="ErrorState"} == 1'
                self.wait(lambda: {labels["pool"] for labels, _ in prometheus.query(ones)} == bad, "Prometheus to see the last change", 60)
                self.wait(lambda: prometheus.value("count(sfb_backup_service_working)") == count, "each pool in Prometheus", 60)
                self.wait(lambda: (prometheus.value("count(sfb_backup_service_working == 0)") or 0) == len(bad), f"{len(bad)} that are not well", 60)
                self.assertEqual(prometheus.known('min_over_time(up{job="sfb"}[1h])'), 1, "a scrape failed")
                print(f"{step} changes, {prometheus.known('count_over_time(up[1h])'):.0f} scrapes", flush=True)
                wrong = {key: value for key, value in self.own_metrics(prometheus).items()
                         if re.search("duplicate|out_of_order|out_of_bounds|exceeded", key) and value != 0}
                self.assertEqual(wrong, {})


if __name__ == "__main__":
    unittest.main(verbosity=2)
