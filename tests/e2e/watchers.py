"""Prometheus and Alertmanager as Debian packages them, on free ports of the loopback interface."""

import contextlib
import http.client
import json
import subprocess
import urllib.parse

import lab


class Watcher:
    """A server with JSON answers. Use as a context manager; ends it by pid."""

    def __init__(self, folder, name, port, *command):
        self.port = port
        self.log = open(folder / f"{name}.log", "wb")  # closed in __exit__
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        lab.stop(self.process)
        self.log.close()

    def get(self, path):
        """None until it answers well."""
        try:
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=lab.WAIT)) as connection:
                connection.request("GET", path)
                response = connection.getresponse()
                return json.loads(response.read()) if response.status == 200 else None
        except (OSError, http.client.HTTPException, ValueError):
            return None


class Prometheus(Watcher):
    """Scrapes and evaluates every second. `jobs`: the job's name -> its keys beside the targets, and the targets."""

    def __init__(self, folder, jobs, rules, alertmanager=None):
        port = lab.free_port()
        config = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": [str(rules)],
                  "scrape_configs": [{"job_name": job, "static_configs": [{"targets": targets}], **keys}
                                     for job, (targets, keys) in jobs.items()]}
        if alertmanager:
            config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager.port}"]}]}]}
        (folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")
        super().__init__(folder, "prometheus", port, "prometheus", f"--config.file={folder}/prometheus.yml",
                         f"--storage.tsdb.path={folder}/tsdb", f"--web.listen-address=127.0.0.1:{port}")

    def query(self, expression):
        """[(labels, value)]"""
        answer = self.get("/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        return [(each["metric"], float(each["value"][1])) for each in answer["data"]["result"]] if answer else []

    def value(self, expression):
        result = self.query(expression)
        return result[0][1] if result else None

    def known(self, expression, patience=60):
        """Its value when there is one: a scrape that fails takes the series away until the next one."""
        return lab.wait_for(lambda: self.query(expression), f"a value of {expression}", patience)[0][1]

    def reaches_alertmanager(self):
        """Until then, also after a reload, alerts are lost, and sent again a minute later."""
        answer = self.get("/api/v1/alertmanagers")
        return bool(answer and answer["data"]["activeAlertmanagers"])

    def rule(self, name):
        answer = self.get("/api/v1/rules?type=alert")
        rules = [rule for group in (answer["data"]["groups"] if answer else []) for rule in group["rules"] if rule["name"] == name]
        return rules[0] if rules else None

    def alerts(self):
        """Those that fire."""
        answer = self.get("/api/v1/alerts")
        return [alert for alert in (answer["data"]["alerts"] if answer else []) if alert["state"] == "firing"]

    def fires(self, labels):
        """The alert with these labels, while its own condition holds."""
        found = [each for each in self.alerts() if labels.items() <= each["labels"].items() and not each.get("keepFiringSince")]
        return found[0] if found else None

    def firing(self):
        return {(a["labels"]["alertname"], a["labels"].get("pool"), a["labels"].get("module")) for a in self.alerts()}


class Alertmanager(Watcher):
    def __init__(self, folder, config):
        port = lab.free_port()
        super().__init__(folder, "alertmanager", port, "prometheus-alertmanager", f"--config.file={config}",
                         f"--storage.path={folder}/alertmanager", f"--web.listen-address=127.0.0.1:{port}",
                         "--cluster.listen-address=")

    def alert(self, **labels):
        """The one with these labels, None while there is none that goes on."""
        found = [each for each in self.get("/api/v2/alerts") or [] if labels.items() <= each["labels"].items()]
        return found[0] if found else None
