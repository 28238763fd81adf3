"""The API for programs, of a running agent: every answer validates against the schemas of its own document."""

import subprocess
import unittest
import urllib.parse

import lab
import openapi
from lab import MODULES_2013, LabTest, error_record, status_object, wrapper

ATL, CHI, FRA = "atl.example.com", "chi.example.com", "fra.example.com"
USER = "UserServices.PresenceFocus"


def setUpModule():
    if openapi.jsonschema is None:
        lab.skip_module("python3-jsonschema is not installed: deploy/packages test")


class Api(LabTest):
    def setUp(self):
        super().setUp()
        self.configure({ATL: CHI, CHI: ATL, FRA: "ams.example.com"})
        self.drop_status(ATL)
        self.drop(CHI, wrapper(CHI, status_object(MODULES_2013, {USER: ("ErrorState", "NormalState")}),
                               error_record("The service at chi-fe is slow.")))

    def get(self, agent, path, schema, status=200, **parameters):
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        answer = agent.request(path + query)
        self.assertEqual(answer.status, status, answer.text)
        kind = "application/json" if status == 200 else "application/problem+json"
        self.assertEqual(answer.headers["Content-Type"], kind, path)
        self.document.validate(answer.json(), schema)
        return answer.json()

    def running(self):
        agent = self.agent("--web.runbook-url=http://wiki.example.org/sfb")
        self.addCleanup(agent.__exit__)
        agent.__enter__()
        self.wait(agent.ready, "ready")
        self.document = openapi.Document(agent.request("/api/v1/openapi.json").json())
        return agent

    def test_every_answer_validates(self):
        agent = self.running()
        pools = {pool["pool"]: pool for pool in self.get(agent, "/api/v1/pools", "Pools")["pools"]}
        self.assertEqual(list(pools), [ATL, CHI, FRA])
        self.assertIs(pools[ATL]["verdict"]["working"], True)
        self.assertIs(pools[CHI]["verdict"]["working"], False)
        self.assertEqual(pools[CHI]["errors"][0]["message"], "The service at chi-fe is slow.")
        self.assertEqual(pools[FRA]["freshness"]["knowledge"], "none")
        self.assertEqual(pools[FRA]["failure"]["reason"], "not_found")
        self.assertTrue(pools[FRA]["failure"]["runbook"].startswith("http://wiki.example.org/sfb/"))
        self.assertIsNotNone(pools[ATL]["evaluation"]["next_at"])
        self.assertEqual(pools[ATL]["pair"], f"{ATL}/{CHI}")
        one = self.get(agent, f"/api/v1/pools/{CHI.upper()}.", "Pool")
        self.assertEqual(one["modules"], pools[CHI]["modules"])
        self.assertEqual([pool["pool"] for pool in self.get(agent, "/api/v1/pools", "Pools", working="false")["pools"]], [CHI])

        alone, pair = self.get(agent, "/api/v1/pairs", "Pairs")["pairs"]
        self.assertEqual((pair["pair"], pair["reciprocal"]), (f"{ATL}/{CHI}", True))
        self.assertEqual((alone["pair"], alone["reciprocal"]), (f"ams.example.com/{FRA}", False))
        self.assertEqual([(way["source"], way["working"]) for way in pair["directions"]], [(ATL, True), (CHI, False)])
        self.assertIs(alone["working"], None)
        self.assertEqual(len(alone["directions"]), 2)

        entries = self.get(agent, "/api/v1/history", "History", PoolFqdn=CHI, limit=3)["history"]
        self.assertLessEqual(len(entries), 3)
        self.assertIn({"identity": USER, "export": "ErrorState", "import": "NormalState"}, entries[0]["modules"])
        self.assertEqual(entries[0]["errors"], ["The service at chi-fe is slow."])

    def test_the_history_tells_what_changed(self):
        agent = self.running()
        self.drop_status(ATL, {USER: ("SteadyState", "NormalState")})
        entry = self.wait(lambda: next((e for e in agent.history(ATL)["history"] if e["changes"]), None), "the change")
        self.assertEqual(entry["changes"], [{"event": "module state changed", "fields": {
            "module": USER, "direction": "export", "from": "FinalState", "to": "SteadyState"}}])
        self.document.validate(agent.history(ATL), "History")
        later = self.get(agent, "/api/v1/history", "History", PoolFqdn=ATL, since=entry["time"])["history"]
        self.assertIn(entry["id"], [each["id"] for each in later])
        before = self.get(agent, "/api/v1/history", "History", PoolFqdn=ATL, until=entry["time"])["history"]
        self.assertNotIn(entry["id"], [each["id"] for each in before])

    def test_refusals(self):
        agent = self.running()
        self.get(agent, "/api/v1/pools", "Problem", 400, sight="lab")
        self.get(agent, "/api/v1/pairs", "Problem", 400, working="maybe")
        self.get(agent, "/api/v1/history", "Problem", 400, PoolFqdn=ATL, limit=0)
        self.get(agent, "/api/v1/openapi.json", "Problem", 400, x=1)
        for path, parameters in (("/api/v1/pools/alt.example.com", {}), ("/api/v1/history", {"PoolFqdn": "alt.example.com"}),
                                 ("/api/v1/Get-CsBackupServiceStatus", {"PoolFqdn": "alt.example.com", "as": "json"})):
            self.assertIn(f"did you mean {ATL}", self.get(agent, path, "Problem", 404, **parameters)["remedy"], path)
        for path in ("/api/v1/pools", f"/api/v1/pools/{ATL}", "/api/v1/pairs", "/api/v1/openapi.json"):
            wrong = agent.request(path, method="POST")
            self.assertEqual((wrong.status, wrong.headers["Allow"]), (405, "GET, HEAD"), path)
            self.document.validate(wrong.json(), "Problem")
            head = agent.request(path, method="HEAD")
            self.assertEqual((head.status, head.text), (200, ""), path)

    def test_refusals_have_a_form_of_the_document(self):
        """Each with its remedy, in a form that the document names for that page and status."""
        agent = self.running()
        host = {"Host": "evil.example.net"}
        query = f"/api/v1/Get-CsBackupServiceStatus?PoolFqdn={ATL}"
        for method, path, headers, status, reason in (
                ("POST", "/api/v1/pairs", {}, 405, "protocol"), ("GET", "/api/v1/pairs", host, 403, "forbidden"),
                ("GET", "/api/v1/pairs", {"Host": "a b"}, 400, "protocol"), ("GET", "/api/v1/nothing", {}, 404, "not_found"),
                ("GET", "/api/v1/pools/nowhere.example.com", {}, 404, "not_found"), ("POST", query, {}, 405, None),
                ("GET", query, host, 403, None), ("GET", f"{query}&as=json", host, 403, "forbidden"),
                ("GET", f"{query}&as=json&Category=CMS", {}, 501, "protocol"), ("GET", f"{query}&Category=CMS", {}, 501, None)):
            answer = agent.request(path, method=method, headers=headers)
            kind = answer.headers["Content-Type"].split(";")[0]
            self.assertEqual((answer.status, kind), (status, "application/problem+json" if reason else "text/plain"), path)
            if reason:
                problem = answer.json()
                self.document.validate(problem, "Problem")
                self.assertEqual(problem["reason"], reason, path)
                self.assertTrue(problem["remedy"], path)
            place = path.split("?")[0].replace("nowhere.example.com", "{fqdn}")
            if place != "/api/v1/nothing":
                self.assertIn(kind, self.document.document["paths"][place]["get"]["responses"][str(status)]["content"], path)

    def test_expanded_modules(self):
        agent = self.running()
        expected = ("\nIdentity                   ExportStatus ImportStatus\n--------                   ------------ ------------\n")
        answer = agent.query(CHI, expand="BackupModules")
        self.assertTrue(answer.text.startswith(expected), answer.text)
        self.assertIn("The service at chi-fe is slow.", answer.text)
        answer = agent.query(CHI, **{"expand": "BackupModules", "as": "json"})
        self.assertEqual(answer.json()[0], {"Identity": USER, "ExportStatus": "ErrorState", "ImportStatus": "NormalState"})
        self.assertEqual(answer.headers["X-Nonfatal-Errors"], '1: "The service at chi-fe is slow."')

    def test_the_command_tells_what_json_does_not_hold(self):
        self.drop(CHI, wrapper(CHI, status_object(MODULES_2013), error_record("The service at chi-fe is slow."),
                               "<S>The site is old.</S>"))
        agent = self.running()
        for form in ("Json", "Clixml"):
            shown = subprocess.run([str(lab.ASK), "-PoolFqdn", CHI, "-As", form], capture_output=True, text=True, timeout=lab.WAIT,
                                   check=False, env={"SFB_BACKUP_EXPORTER_URL": f"http://{agent.address}"})
            self.assertEqual((shown.returncode, shown.stderr), (0, 'warnings: 1: "The site is old."\n'
                                                                   'non-fatal errors: 1: "The service at chi-fe is slow."\n'))


if __name__ == "__main__":
    unittest.main(verbosity=2)
