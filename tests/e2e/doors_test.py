"""The operator's doors beside the query: reload, the configuration in use, service discovery, a probe."""

import concurrent.futures
import re
import signal
import unittest

from lab import LabTest

ATL, CHI = "atl.example.com", "chi.example.com"
RELOAD = "/-/reload"


class Reload(LabTest):
    def setUp(self):
        super().setUp()
        self.configure()
        self.drop_status(ATL)
        self.drop_status(CHI)
        self.file = self.folder / "agent.yml"

    def post(self, agent, **headers):
        return agent.request(RELOAD, method="POST", headers=headers)

    def test_the_answer_tells_how_the_reload_ended(self):
        good = self.file.read_text()
        with self.agent("--web.enable-lifecycle") as agent:
            self.file.write_text(good + "nonsense: 1\n")
            refused = self.post(agent)
            self.assertEqual(refused.status, 500)
            self.assertRegex(refused.text, r"agent\.yml:\d+:1: nonsense: ")
            for line in refused.text.splitlines():
                self.wait(lambda text=line: text in agent.log(), "the log to say the same")
            self.assertEqual(agent.value("sfb_backup_exporter_config_last_reload_successful"), 0)
            self.configure(pools={ATL: "partner.example.com"})
            taken = self.post(agent)
            self.assertEqual(taken.status, 200, taken.text)
            self.assertRegex(taken.text, r"^configuration reloaded: 1 pool, hash [0-9a-f]{16}\n")
            self.assertNotIn("authorization", taken.text)
            # What was taken is in use when the answer is there.
            self.assertEqual(agent.query(CHI).status, 404)
            self.assertNotIn(CHI, agent.request("/config").text)
            self.assertEqual(agent.value("sfb_backup_exporter_config_last_reload_successful"), 1)
            self.assertEqual(agent.request(RELOAD, method="PUT").status, 200)
            self.configure(authorization="authorization: {allow_anonymous: loopback, users: {nobody: [RTCUniversalServerAdmins]}}")
            for _ in range(2):
                self.assertIn("warning: authorization.users.nobody: basic_auth_users of the web configuration has no such user", self.post(agent).text)

    def test_many_at_once_all_see_their_own_change(self):
        with self.agent("--web.enable-lifecycle") as agent, concurrent.futures.ThreadPoolExecutor(8) as callers:
            self.configure(pools={ATL: "partner.example.com"})
            for answer in callers.map(lambda _: self.post(agent), range(24)):
                self.assertEqual(answer.status, 200, answer.text)
                self.assertIn("1 pool,", answer.text)

    def test_only_a_post_of_somebody_who_may_ask(self):
        with self.agent("--web.enable-lifecycle") as agent:
            looked = agent.request(RELOAD)
            self.assertEqual((looked.status, looked.headers["Allow"]), (405, "POST, PUT"))
            self.assertEqual(self.post(agent, **{"X-Forwarded-For": "192.0.2.1"}).status, 403)
            self.assertEqual(self.post(agent, Origin="http://evil.example.net").status, 403)
            self.assertEqual(self.post(agent, Host="evil.example.net").status, 403)
        self.configure(authorization="")
        with self.agent("--web.enable-lifecycle") as agent:
            self.assertEqual(self.post(agent).status, 403)
            self.assertNotIn("configuration reloaded", agent.log())

    def test_without_the_flag(self):
        with self.agent() as agent:
            refused = self.post(agent)
            self.assertEqual(refused.status, 403)
            self.assertIn("--web.enable-lifecycle", refused.text)
            agent.signal(signal.SIGHUP)
            self.wait(lambda: "configuration reloaded" in agent.log(), "the signal's reload")


class Pages(LabTest):
    def setUp(self):
        super().setUp()
        self.configure()
        self.drop_status(ATL)
        self.drop_status(CHI)

    def test_the_configuration_names_its_files_and_reads_back(self):
        with self.agent("--web.enable-lifecycle") as agent:
            page = agent.request("/config").text
            self.assertIn(f'#   "{self.folder}/agent.yml"\n', page)
            before = re.search(r"hash ([0-9a-f]{16});", page).group(1)
            self.assertIn(before, agent.log())
            # What is in use is shown, not what lies in the file.
            (self.folder / "agent.yml").write_text("pools: []\n")
            self.assertEqual(agent.request("/-/reload", method="POST").status, 500)
            self.assertEqual(agent.request("/config").text, page)
            (self.folder / "agent.yml").write_text(page)
            self.assertEqual(agent.request("/-/reload", method="POST").status, 200)
            self.assertIn(f"hash {before};", agent.request("/config").text, "the page says the same as the file did")

    def test_service_discovery(self):
        with self.agent() as agent:
            answer = agent.request("/http_sd")
            self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "application/json"))
            groups = {group["targets"][0]: group["labels"] for group in answer.json()}
            self.assertEqual(groups.keys(), {ATL, CHI})
            self.assertEqual(groups[ATL], {"__param_target": ATL, "__meta_sfb_site": "lab", "__meta_sfb_paired_pool": CHI,
                                           "__meta_sfb_transport": "file", "__meta_sfb_endpoint": "drop"})
            self.assertEqual(agent.request("/http_sd?shard=1").status, 400)
            self.assertEqual(agent.request("/http_sd", headers={"Via": "1.1 proxy"}).status, 403)
        shards = []
        for number in range(2):
            with self.agent(f"--shard={number}", "--total-shards=2") as agent:
                shards += [group["targets"][0] for group in agent.request("/http_sd").json()]
        self.assertEqual(sorted(shards), [ATL, CHI], "each agent lists its own pools")


class Probe(LabTest):
    def setUp(self):
        super().setUp()
        self.configure()
        self.drop_status(ATL)
        self.drop_status(CHI)

    @staticmethod
    def probe(agent, pool, parameters="", **headers):
        return agent.request(f"/probe?target={pool}{parameters}", headers=headers)

    def test_the_families_of_one_pool_as_the_metrics_have_them(self):
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            answer = self.probe(agent, ATL)
            self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
            self.assertIn("\nprobe_success 1\n", answer.text)
            self.assertRegex(answer.text, r"\nprobe_duration_seconds [0-9.e-]+\n")
            self.assertIn(f'sfb_backup_up{{pool="{ATL}"}} 1\n', answer.text)
            self.assertNotIn(CHI + '"} ', answer.text)
            self.assertNotIn("sfb_backup_exporter_", answer.text)

            def series(text):
                return {line.rsplit(" ", 1)[0] for line in text.splitlines() if f'{{pool="{ATL}"' in line}
            self.assertEqual(series(answer.text), series(agent.metrics()), "the same names and labels")
            self.assertIn("probe", {entry["trigger"] for entry in agent.history(ATL)["history"]})
            opened = self.probe(agent, ATL, Accept="application/openmetrics-text;version=1.0.0")
            self.assertTrue(opened.text.endswith("# EOF\n"))

    def test_a_failed_probe_is_200_and_says_why(self):
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            self.drop(ATL, "foreign")
            answer = self.probe(agent, ATL)
            self.assertEqual(answer.status, 200)
            self.assertIn("\nprobe_success 0\n", answer.text)
            self.assertIn(f'sfb_backup_up{{pool="{ATL}"}} 0\n', answer.text)
            self.assertRegex(answer.text, rf'sfb_backup_current_failure{{pool="{ATL}",reason="\w+",code="[a-z_.]+"}} 1\n')
            shown = self.probe(agent, ATL, "&debug=true").text
            for word in ("outcome        failed", "reason         ", "remedy         ", "\nprobe_success 0\n"):
                self.assertIn(word, shown)

    def test_a_kept_answer_is_no_success_where_the_pool_failed_since(self):
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            self.assertIn("\nprobe_success 1\n", self.probe(agent, ATL, "&max_age=3600").text)
            self.drop(ATL, "foreign")
            self.wait(lambda: agent.value(f'sfb_backup_up{{pool="{ATL}"}}') == 0, "the failure")
            answer = self.probe(agent, ATL, "&max_age=3600")
            self.assertIn("\nprobe_success 0\n", answer.text)
            self.assertIn(f'sfb_backup_current_failure{{pool="{ATL}"', answer.text)
            self.assertEqual(answer.headers["X-Outcome"], "failed")

    def test_an_answer_of_the_schedule_will_do_with_max_age(self):
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            def asked():
                return sum(entry["trigger"] == "probe" for entry in agent.history(ATL)["history"])
            for _ in range(3):
                self.assertIn("\nprobe_success 1\n", self.probe(agent, ATL, "&max_age=3600").text)
            self.assertEqual(asked(), 0, "the schedule's answer was taken")
            self.assertIn("\nprobe_success 1\n", self.probe(agent, ATL, "&max_age=0").text)
            self.assertEqual(asked(), 1)

    def test_nothing_is_begun_in_the_last_moment(self):
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            late = self.probe(agent, ATL, **{"X-Prometheus-Scrape-Timeout-Seconds": "0.2"})  # less its tenth
            self.assertEqual((late.status, late.headers["Retry-After"]), (503, "1"), late.text)
            self.assertIn("engine.no_time_left", late.text)
            self.assertNotIn("probe", {entry["trigger"] for entry in agent.history(ATL)["history"]})

    def test_debug_shows_what_evaluate_shows(self):
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            shown = self.probe(agent, ATL, "&debug=true", **{"X-Request-Id": "night-1"}).text
            for word in ("outcome        good", "request id     night-1", "configured     yes", "BackupModules", "\nprobe_success 1\n"):
                self.assertIn(word, shown)

    def test_what_is_refused(self):
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            unknown = self.probe(agent, "atll.example.com")
            self.assertEqual(unknown.status, 404)
            self.assertIn("did you mean atl.example.com", unknown.text)
            for query in ("", "?target=", f"?target={ATL}&target={CHI}", f"?target={ATL}&module=x", f"?target={ATL}&debug=yes", f"?target={ATL}&max_age=-1",
                          f"?target={ATL}&max_age=5s"):
                self.assertEqual(agent.request("/probe" + query).status, 400, query)
            for bad in ("abc", "nan", "inf", "-1", "0", "", "1e3", "10, 10"):
                answer = self.probe(agent, ATL, **{"X-Prometheus-Scrape-Timeout-Seconds": bad})
                self.assertEqual(answer.status, 400, bad)
                self.assertIn("X-Prometheus-Scrape-Timeout-Seconds", answer.text)
            self.assertEqual(self.probe(agent, ATL, **{"X-Prometheus-Scrape-Timeout-Seconds": "9.5"}).status, 200)
            self.assertEqual(self.probe(agent, ATL, Via="1.1 proxy").status, 403)


if __name__ == "__main__":
    unittest.main(verbosity=2)
