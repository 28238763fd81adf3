"""The agent as its users meet it: start, answers, files that go wrong, reload, end."""

import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import time
import unittest

import lab
from lab import MODULES_2013, MODULES_2019, LabTest, error_record, status_object, wrapper

ATL, CHI = "atl.example.com", "chi.example.com"


def state_series(pool, module, state, direction="export"):
    family = f"sfb_backup_module_{direction}_state"
    return f'{family}{{pool="{pool}",module="{module}",{family}="{state}"}}'


class Answers(LabTest):
    def setUp(self):
        super().setUp()
        self.configure()
        self.drop_status(ATL, {"ConfServices.DataConf": ("SteadyState", "NormalState")})
        self.drop_status(CHI, {"CentralMgmt.CMSMaster": ("NotInitialized", "NormalState")})

    def test_metrics_query_and_history_agree(self):
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            self.assertEqual(agent.value(f'sfb_backup_up{{pool="{ATL}"}}'), 1)
            self.assertEqual(agent.value(f'sfb_backup_service_working{{pool="{CHI}"}}'), 1)
            self.assertEqual(agent.value(state_series(ATL, "ConfServices.DataConf", "SteadyState")), 1)
            self.assertEqual(agent.value(state_series(ATL, "ConfServices.DataConf", "FinalState")), 0)
            answer = agent.query(ATL, headers={"X-Request-Id": "night-1"})
            self.assertEqual(answer.status, 200, answer.text)
            self.assertIn("BackupModules", answer.text)
            self.assertEqual(answer.headers["X-Outcome"], "good")
            self.assertEqual(answer.headers["X-Request-Id"], "night-1")
            self.assertEqual(answer.headers["Cache-Control"], "no-store")
            self.assertEqual(answer.headers["Content-Type"], "text/plain; charset=utf-8")
            for name in ("Age", "X-Evaluated-At", "X-Evaluation-Source", "X-Rendered-By"):
                self.assertIn(name, answer.headers)
            entries = agent.history(ATL)
            entries = entries if isinstance(entries, list) else entries["history"]
            ours = [entry for entry in entries if entry["request_id"] == "night-1"]
            self.assertEqual(len(ours), 1, entries)
            self.assertEqual(ours[0]["evaluated_at"], answer.headers["X-Evaluated-At"])
            success = agent.value(f'sfb_backup_last_evaluation_success_timestamp_seconds{{pool="{ATL}"}}')
            seconds = re.sub(r"(\.\d+)?Z$", "", answer.headers["X-Evaluated-At"])
            self.assertEqual(int(success), int(time.mktime(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S")) - time.timezone))

    def test_json_and_clixml(self):
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            answer = agent.query(ATL, **{"as": "json"})
            self.assertEqual(answer.headers["Content-Type"], "application/json")
            modules = answer.json()["BackupModules"]
            self.assertEqual([module["Identity"] for module in modules], MODULES_2013)
            accepted = agent.query(ATL, headers={"Accept": "application/json"})
            self.assertEqual(accepted.json(), answer.json())
            older = agent.query(ATL, **{"as": "json", "edition": "5.1"})
            self.assertEqual(older.json(), answer.json())
            self.assertTrue(older.text.startswith('{\n    "'), older.text)
            self.assertIn('":  ', older.text)
            clixml = agent.query(ATL, **{"as": "clixml"})
            self.assertEqual(clixml.headers["Content-Type"], "application/xml")
            rendered = subprocess.run([lab.AGENT, "render"], input=clixml.body, capture_output=True, check=True)
            self.assertEqual(rendered.stdout.decode(), agent.query(ATL).text)

    def test_a_change_shows_without_waiting_for_the_interval(self):
        self.configure(extra_global="")
        text = (self.folder / "agent.yml").read_text().replace("evaluation_interval: 2s", "evaluation_interval: 1h")
        (self.folder / "agent.yml").write_text(text)
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            self.drop_status(ATL, {"ConfServices.DataConf": ("ErrorState", "NormalState")})
            self.wait(lambda: agent.value(state_series(ATL, "ConfServices.DataConf", "ErrorState")) == 1, "the new state")
            self.assertEqual(agent.value(f'sfb_backup_service_working{{pool="{ATL}"}}'), 0)

    def test_five_modules_and_a_module_that_goes(self):
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            self.drop_status(ATL, modules=MODULES_2019)
            series = state_series(ATL, "ApplicationServer.RGSFileStore", "FinalState")
            self.wait(lambda: agent.value(series) == 1, "the RGS module")
            self.drop_status(ATL)
            self.wait(lambda: agent.value(series) is None, "its series to go")

    def test_unknown_words_are_published_as_unknown(self):
        self.drop_status(ATL, {"ConfServices.DataConf": ("LimboState", "NormalState")},
                         modules=MODULES_2013 + ["Future.Module"])
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            self.assertEqual(agent.value(state_series(ATL, "ConfServices.DataConf", "Unknown")), 1)
            self.assertEqual(agent.value(state_series(ATL, "Future.Module", "FinalState")), 1)
            self.assertGreaterEqual(agent.value(f'sfb_backup_unknown_states_total{{pool="{ATL}"}}'), 1)
            self.assertIn("LimboState", agent.query(ATL, **{"as": "json"}).text)


class FilesThatGoWrong(LabTest):
    """Each fault: its reason in the metric, its code in the history, the other pool untouched, the last answer kept, then healed."""

    def faults(self):
        good = wrapper(ATL, status_object(MODULES_2013))
        return {
            ("not_found", "file.missing"): None,
            ("parse", "file.empty"): "",
            ("parse", "file.truncated"): good[: len(good) // 2],
            ("parse", "file.foreign"): "PK\x03\x04 this is a spreadsheet",
            ("parse", "file.wrong_pool"): wrapper("other.example.com", status_object(MODULES_2013)),
            ("stale", "file.too_old"): wrapper(ATL, status_object(MODULES_2013), when=lab.utc(-3600)),
            ("parse", "file.too_large"): good + " " * (5 << 20),
            ("cmdlet", "cmdlet.failed"): wrapper(ATL, errors=error_record("The service is stopped."), state="Failed"),
            ("cmdlet", "cmdlet.error"): wrapper(ATL, errors=error_record("Access to the service is denied.")),
            ("parse", "status.several"): wrapper(ATL, status_object(MODULES_2013) + status_object(MODULES_2013, first_id=40)),
        }

    def test_every_fault(self):
        self.configure()
        self.drop_status(CHI)
        for (reason, code), content in self.faults().items():
            with self.subTest(code=code):
                self.drop_status(ATL)
                with self.agent() as agent:
                    self.wait(agent.ready, "ready")
                    failures = f'sfb_backup_evaluation_failures_total{{pool="{ATL}",reason="{reason}"}}'
                    self.assertEqual(agent.value(failures), 0)
                    if content is None:
                        (self.folder / "exports" / f"{ATL}.clixml").unlink()
                    else:
                        self.drop(ATL, content)
                    self.wait(lambda f=failures, a=agent: a.value(f) >= 1, f"{reason} to be counted")
                    self.assertEqual(agent.value(f'sfb_backup_up{{pool="{ATL}"}}'), 0)
                    entries = agent.history(ATL)
                    entries = entries if isinstance(entries, list) else entries["history"]
                    self.assertIn(code, [entry["code"] for entry in entries])
                    self.assertEqual(agent.value(state_series(ATL, MODULES_2013[0], "FinalState")), 1, "last good states stay")
                    self.assertEqual(agent.value(f'sfb_backup_up{{pool="{CHI}"}}'), 1, "the other pool is untouched")
                    answer = agent.query(ATL)
                    self.assertEqual(answer.status, 502, answer.text)
                    self.assertEqual(answer.headers["X-Outcome"], "failed")
                    self.assertEqual(answer.headers["X-Reason"], reason)
                    problem = agent.query(ATL, **{"as": "json"})
                    self.assertEqual(problem.headers["Content-Type"], "application/problem+json")
                    self.assertEqual(problem.json()["code"], code)
                    self.drop_status(ATL)
                    self.wait(lambda a=agent: a.value(f'sfb_backup_up{{pool="{ATL}"}}') == 1, "the pool to heal")

    def test_an_error_beside_a_status_is_shown_but_good(self):
        self.configure()
        self.drop_status(CHI)
        self.drop(ATL, wrapper(ATL, status_object(MODULES_2013), errors=error_record("One front end did not answer.")))
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            answer = agent.query(ATL, width=120)
            self.assertEqual(answer.status, 200)
            self.assertIn("One front end did not answer.", answer.text)
            self.assertNotIn("One front end", agent.query(ATL, Force="true").text)

    def test_categories(self):
        self.configure(path="{pool}.{category}.clixml")
        for pool in (ATL, CHI):
            self.drop(pool, wrapper(pool, status_object(MODULES_2013)), name=f"{pool}.All.clixml")
        self.drop(ATL, wrapper(ATL, status_object(MODULES_2013[2:])), name=f"{ATL}.CMS.clixml")
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            answer = agent.query(ATL, Category="cms", **{"as": "json"})
            self.assertEqual([m["Identity"] for m in answer.json()["BackupModules"]], ["CentralMgmt.CMSMaster"])
            self.assertEqual(agent.query(ATL, BypassDualWrite="1").status, 501)
        self.configure()
        self.drop_status(ATL)
        self.drop_status(CHI)
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            answer = agent.query(ATL, Category="CMS", **{"as": "json"})
            self.assertEqual((answer.status, answer.json()["code"]), (501, "file.cannot_ask"))


class Doors(LabTest):
    def setUp(self):
        super().setUp()
        self.configure()
        self.drop_status(ATL)
        self.drop_status(CHI)

    def test_statuses(self):
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            self.assertEqual(agent.request("/-/healthy").status, 200)
            self.assertEqual(agent.request("/nowhere").status, 404)
            refused = agent.request("/metrics", method="POST")
            self.assertEqual((refused.status, refused.headers["Allow"]), (405, "GET, HEAD"))
            head = agent.request("/metrics", method="HEAD")
            self.assertEqual((head.status, head.body), (200, b""))
            self.assertGreater(int(head.headers["Content-Length"]), 1000)
            self.assertEqual(agent.query("unknown.example.com").status, 404)
            bad = agent.query(ATL, Category="Foo")
            self.assertEqual(bad.status, 400)
            self.assertIn("Cannot bind parameter 'Category'", bad.text)
            self.assertIn("FullyQualifiedErrorId : CannotConvertArgumentNoMessage", bad.text)
            index = agent.request("/")
            self.assertTrue(index.headers["Content-Type"].startswith("text/html"))
            self.assertIn("/metrics", index.text)
            config = agent.request("/config")
            self.assertEqual(config.status, 200)
            self.assertIn(ATL, config.text)

    def test_access(self):
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            self.assertEqual(agent.query(ATL, headers={"Host": "evil.example.net"}).status, 403)
            self.assertEqual(agent.query(ATL, headers={"Sec-Fetch-Site": "cross-site"}).status, 403)
            self.assertEqual(agent.query(ATL, headers={"X-Forwarded-For": "192.0.2.1"}).status, 403)
            self.assertEqual(agent.request("/metrics", headers={"Host": "evil.example.net"}).status, 200)
        with self.agent("--web.allowed-host=evil.example.net") as agent:
            self.wait(agent.ready, "ready")
            self.assertEqual(agent.query(ATL, headers={"Host": "evil.example.net"}).status, 200)
        self.configure(authorization="")
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            for target in (f"/api/v1/Get-CsBackupServiceStatus?PoolFqdn={ATL}", "/config", f"/api/v1/history?PoolFqdn={ATL}"):
                self.assertEqual(agent.request(target).status, 403, target)
            self.assertEqual(agent.request("/metrics").status, 200)

    def test_limits(self):
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            host, port = agent.address.rsplit(":", 1)

            def raw(data):
                with socket.create_connection((host, int(port)), lab.WAIT) as sock:
                    sock.sendall(data)
                    return sock.recv(4096).split(b"\r\n")[0]

            self.assertIn(b"431", raw(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 70000 + b"\r\n\r\n"))
            self.assertIn(b"400", raw(b"NONSENSE\r\n\r\n"))
            self.assertIn(b"413", raw(b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n"))
            self.assertTrue(agent.ready())

    def test_unix_socket(self):
        path = self.folder / "agent.sock"
        with self.agent(addresses=("127.0.0.1:0", f"unix:{path}")) as agent:
            self.wait(agent.ready, "ready")
            self.assertEqual(path.stat().st_mode & 0o777, 0o660)
            run = subprocess.run([lab.ASK, "-PoolFqdn", ATL], env={"SFB_BACKUP_EXPORTER_URL": f"unix:{path}"},
                                 capture_output=True, text=True, check=False)
            self.assertEqual((run.returncode, run.stderr), (0, ""))
            self.assertIn("BackupModules", run.stdout)
        self.assertFalse(path.exists())


class StartAndStop(LabTest):
    def setUp(self):
        super().setUp()
        self.configure()
        self.drop_status(ATL)
        self.drop_status(CHI)

    def test_term_is_clean(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.agent() as agent:
                self.wait(agent.ready, "ready")
                agent.signal(number)
                self.assertEqual(agent.process.wait(lab.WAIT), 0)
                self.assertIn("msg=stopped", agent.log())

    def test_term_with_open_connections(self):
        """Prometheus keeps its connection: that must not make the stop slow or its exit code bad."""
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            host, port = agent.address.rsplit(":", 1)
            with socket.create_connection((host, int(port)), lab.WAIT) as idle, \
                 socket.create_connection((host, int(port)), lab.WAIT) as half:
                idle.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
                self.assertIn(b"200", idle.recv(4096))
                half.sendall(b"GET /-/healthy HTTP/1.1\r\nHo")
                agent.signal(signal.SIGTERM)
                self.assertEqual(agent.process.wait(lab.WAIT), 0, agent.log())
                self.assertEqual(idle.recv(4096), b"")
            self.assertNotIn("level=error", agent.log())

    def test_second_term_ends_at_once(self):
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            host, port = agent.address.rsplit(":", 1)
            with socket.create_connection((host, int(port)), lab.WAIT) as half:
                half.sendall(b"GET /-/healthy HTTP/1.1\r\nHo")
                self.assertTrue(agent.ready())  # behind the half request
                agent.signal(signal.SIGTERM)
                self.wait(lambda: "msg=stopping" in agent.log(), "the first signal to be taken")
                agent.signal(signal.SIGTERM)
                self.assertEqual(agent.process.wait(lab.WAIT), 0)
            self.assertIn("second signal", agent.log())

    def test_nobody_reads_the_log(self):
        reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        os.set_blocking(writer, False)
        with self.assertRaises(BlockingIOError):
            while True:
                os.write(writer, b"x" * 64)
        os.set_blocking(writer, True)
        port = lab.free_port()
        process = subprocess.Popen([lab.AGENT, f"--config.file={self.folder}/agent.yml", "--log.level=debug",
                                    f"--web.listen-address=127.0.0.1:{port}"], stderr=writer, stdin=subprocess.DEVNULL)
        os.close(writer)
        agent = lab.Agent(self.folder)
        agent.address = f"127.0.0.1:{port}"

        def alive():
            try:
                return agent.ready()
            except OSError:
                return False
        try:
            self.wait(alive, "the agent to serve although its log is stuck")
            self.assertEqual(lab.stop(process), 0)
        finally:
            lab.stop(process, signal.SIGKILL)
            os.close(reader)

    def test_a_change_after_a_reload_shows_at_once(self):
        text = (self.folder / "agent.yml").read_text().replace("evaluation_interval: 2s", "evaluation_interval: 1h")
        (self.folder / "agent.yml").write_text(text)
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            agent.signal(signal.SIGHUP)
            self.wait(lambda: "configuration reloaded" in agent.log(), "the reload")
            time.sleep(1)  # the watch is set beside the loop; a test cannot see when
            self.drop_status(ATL, {"ConfServices.DataConf": ("ErrorState", "NormalState")})
            self.wait(lambda: agent.value(state_series(ATL, "ConfServices.DataConf", "ErrorState")) == 1, "the new state")

    def test_one_clear_line_and_exit_1(self):
        with self.agent() as agent:
            cases = {
                "in use": ([f"--web.listen-address={agent.address}"], "agent.yml"),
                "nowhere.yml": (["--web.listen-address=127.0.0.1:0"], "nowhere.yml"),
                "not-an-address": (["--web.listen-address=not-an-address"], "agent.yml"),
            }
            for expected, (arguments, config) in cases.items():
                run = subprocess.run([lab.AGENT, f"--config.file={self.folder / config}", *arguments],
                                     capture_output=True, text=True, timeout=lab.WAIT, check=False)
                self.assertEqual(run.returncode, 1, run.stderr)
                self.assertIn(expected, run.stderr)
                self.assertEqual(run.stderr.strip().count("\n"), 0, run.stderr)

    def test_config_check(self):
        check = [lab.AGENT, "--config.check", f"--config.file={self.folder}/agent.yml"]
        self.assertEqual(subprocess.run(check, capture_output=True, check=False).returncode, 0)
        (self.folder / "agent.yml").write_text("global: {evaluation_intervall: 2m}\n")
        run = subprocess.run(check, capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertRegex(run.stderr, r"agent\.yml:1:\d+: global\.evaluation_intervall: ")

    def test_reload(self):
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            before = agent.value(f'sfb_backup_evaluations_total{{pool="{ATL}"}}')
            good = (self.folder / "agent.yml").read_text()
            (self.folder / "agent.yml").write_text(good + "nonsense: 1\n")
            agent.signal(signal.SIGHUP)
            gauge = "sfb_backup_exporter_config_last_reload_successful"
            self.wait(lambda: agent.value(gauge) == 0, "the failed reload to show")
            self.assertIsNotNone(agent.value(f'sfb_backup_up{{pool="{ATL}"}}'), "the last good configuration stays")
            (self.folder / "agent.yml").write_text(good)
            agent.signal(signal.SIGHUP)
            self.wait(lambda: agent.value(gauge) == 1, "the reverted file to heal the gauge")
            self.assertGreaterEqual(agent.value(f'sfb_backup_evaluations_total{{pool="{ATL}"}}'), before, "counters survive")
            self.configure(pools={ATL: "partner.example.com"})
            agent.signal(signal.SIGHUP)
            self.wait(lambda: agent.value(f'sfb_backup_up{{pool="{CHI}"}}') is None, "the removed pool to go")
            self.assertNotIn(f'pool="{CHI}"', agent.metrics())
            self.assertEqual(agent.query(CHI).status, 404)
            self.assertEqual(agent.value("sfb_backup_exporter_configured_pools"), 1)

    def test_logs_are_one_line_an_event(self):
        with self.agent("--log.format=json", "--log.level=debug") as agent:
            self.wait(agent.ready, "ready")
            self.drop(ATL, "foreign\nwith a line end")
            self.wait(lambda: agent.value(f'sfb_backup_up{{pool="{ATL}"}}') == 0, "the failure")
        for line in agent.log().splitlines():
            entry = json.loads(line)
            self.assertTrue({"time", "level", "source", "msg"} <= entry.keys(), line)


if __name__ == "__main__":
    unittest.main(verbosity=2)
