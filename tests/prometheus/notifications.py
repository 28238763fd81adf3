#!/usr/bin/env python3
"""Counts the notifications of the example for Alertmanager: one site is down and five modules fail at the partner.

usage: notifications.py ALERTS.yml ALERTMANAGER.yml
promtool says which alerts fire when; a real Alertmanager hears of them with all times divided (a minute lasts a fifth of a
second) and tells a receiver of ours. At most three notifications may come within four and a half hours. Without the
inhibit rules and the grouping there are more: then the test would notice.
"""
import collections
import datetime
import http.server
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import yaml

import incidents

MINUTE = 0.2  # seconds
START, END = 60, 60 + 270
LIMIT = 3


def shortened(value):
    """Every duration of the configuration, in the test's time."""
    if isinstance(value, dict):
        return {key: scaled(inner) if key in ("group_wait", "group_interval", "repeat_interval") else shortened(inner) for key, inner in value.items()}
    return [shortened(inner) for inner in value] if isinstance(value, list) else value


def scaled(text):
    minutes = sum(int(number) * {"s": 1 / 60, "m": 1, "h": 60, "d": 1440}[unit] for number, unit in re.findall(r"(\d+)([smhd])", text))
    return f"{int(minutes * MINUTE * 1000)}ms"


class Receiver(http.server.BaseHTTPRequestHandler):
    heard = []

    def do_POST(self):  # NOLINT: the library's name
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.heard.append(sorted({alert["labels"]["alertname"] for alert in body["alerts"]}))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def timeline(rules):
    """minute -> alerts that fire then, with their labels."""
    incident = incidents.load("one site is down and five modules fail")[0]
    incident.length = END
    output = incidents.promtool(rules, [incident], [('ALERTS{alertstate="firing"}', minute) for minute in range(START, END + 1, 2)])
    found = collections.defaultdict(list)
    for minute, labels, _ in incidents.samples(output):
        found[minute].append({key: value for key, value in labels.items() if key not in ("__name__", "alertstate")})
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def post(port, alerts):
    now = datetime.datetime.now(datetime.timezone.utc)
    body = [{"labels": labels, "startsAt": now.isoformat(), "endsAt": (now + datetime.timedelta(hours=1)).isoformat()} for labels in alerts]
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v2/alerts", json.dumps(body).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=30).close()


def wait_ready(port, process):
    for _ in range(600):
        if process.poll() is not None:
            sys.exit("Alertmanager has ended")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=5).close()
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    sys.exit("Alertmanager does not become ready")


def notifications(config, alerts, receiver):
    Receiver.heard.clear()
    config = shortened(config)
    hook = [{"url": f"http://127.0.0.1:{receiver}/", "send_resolved": False}]
    config["receivers"] = [{"name": each["name"], "webhook_configs": hook} for each in config["receivers"]]
    with tempfile.TemporaryDirectory() as work:
        path = pathlib.Path(work) / "alertmanager.yml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        port = free_port()
        process = subprocess.Popen(["prometheus-alertmanager", f"--config.file={path}", f"--storage.path={work}/data", f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_ready(port, process)
            begin = time.monotonic()
            for minute in range(START, END + 1, 2):
                time.sleep(max(0.0, begin + (minute - START) * MINUTE - time.monotonic()))
                if alerts[minute]:
                    post(port, alerts[minute])
            time.sleep(MINUTE)
            return list(Receiver.heard)
        finally:
            process.terminate()
            process.wait()


def main():
    alerts = timeline(sys.argv[1])
    assert any(len({labels.get("module") for labels in each if labels["alertname"] == "SfbBackupExportError"}) == 5 for each in alerts.values()), "five modules fail"
    config = yaml.safe_load(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        heard = notifications(config, alerts, port)
        for names in heard:
            print("notification:", ", ".join(names))
        if not 1 <= len(heard) <= LIMIT:
            sys.exit(f"{len(heard)} notifications, at most {LIMIT} are promised")
        for route in (config["route"], *config["route"]["routes"]):
            route["group_by"] = ["..."]
            route["group_wait"] = "1m"
        many = notifications({**config, "inhibit_rules": []}, alerts, port)
        server.shutdown()
    print(f"{len(heard)} notifications; {len(many)} without grouping and inhibition")
    if len(many) <= 2 * LIMIT:
        sys.exit("there would be few without the example, too: the test proves nothing")


main()
