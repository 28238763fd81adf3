"""Session configurations and languages of Microsoft's engine: how the agent asks in each, and that it makes no difference to what is known."""

import pathlib
import subprocess
import unittest

import engine
import expected
import lab

NARROW = pathlib.Path(__file__).with_name("narrow.pssc")


def setUpModule():
    engine.need_lab()


def named(text, endpoint):
    """A text without what only the endpoint's name makes different; names have the same length."""
    return text.replace(f".{endpoint}.", ".****.")


class Sessions(engine.EngineTest):
    MORE = {"error-throw": [{"do": "error", "text": "First trouble.", "category": "ReadError"}, {"do": "status"}, {"do": "throw", "text": "Second trouble."}]}

    def evaluate(self, pool):
        """The stages and facts that `evaluate` shows, and its exit status."""
        run = subprocess.run([lab.AGENT, "evaluate", f"--config.file={self.folder / 'agent.yml'}", f"{pool}.example.com"], capture_output=True,
                             text=True, timeout=120, check=False)
        return run.returncode, run.stdout + run.stderr

    def test_all_languages_know_the_same(self):
        endpoints = {"full": {}, "cons": {"session": "constrained"}, "none": {"session": "nolanguage"}, "narr": {"session": NARROW}, "sshs": {"mode": "-sshs"}}
        pools = ["failing", "error", "none", "null", "error-throw", "status-throw"]
        self.configure_engine(endpoints, {endpoint: pools for endpoint in endpoints})
        answers = {}
        with self.agent() as agent:
            for endpoint in endpoints:
                for pool in ("failing", "error", "none", "null"):
                    expected.check_good(self, agent, pool, endpoint)
                    # With an edition the text is the agent's; what the server's own shows besides is rendering_test's.
                    answers[endpoint, pool] = self.ask(agent, f"{pool}.{endpoint}", width=200, edition="7")
                for pool in ("error-throw", "status-throw"):
                    answers[endpoint, pool] = answer = self.ask(agent, f"{pool}.{endpoint}", width=200, edition="5.1")
                    self.assert_failed(answer, 502, "cmdlet", "cmdlet.failed", "query")
                    # As far as it came: the status, then all errors.
                    self.assertIn(f"fe1.{pool}.{endpoint}.example.com", answer.text)
                    self.assertEqual(answer.text.count("FullyQualifiedErrorId : "), 2 if pool == "error-throw" else 1)
            self.assert_no_zombies(agent)
        for (endpoint, pool), answer in answers.items():
            self.assertEqual(named(answer.text, endpoint), named(answers["full", pool].text, "full"), f"{endpoint}, {pool}")

    def test_what_is_configured_and_what_is_allowed(self):
        keys = {
            "fuln": {"keys": {"language": "none"}},
            "conc": {"session": "constrained", "keys": {"language": "constrained"}},
            "nonn": {"session": "nolanguage", "keys": {"language": "none"}},
            "nonf": {"session": "nolanguage", "keys": {"language": "full"}},
            "brok": {"session": "broken"},
            "gone": {"session": pathlib.Path("/nonexistent/none.pssc")},
            "deep": {"modules": "depth2"},
            "impo": {"keys": {"import_module": "SkypeForBusiness"}},
            "impf": {"keys": {"import_module": "NoSuchModule"}},
            "impn": {"session": NARROW, "keys": {"import_module": "SkypeForBusiness"}},
        }
        self.configure_engine(keys, {endpoint: {"failing": "4s" if endpoint == "gone" else "60s"} for endpoint in keys})
        with self.agent() as agent:
            for endpoint in ("fuln", "conc", "nonn", "deep", "impo"):
                expected.check_good(self, agent, "failing", endpoint)
            first = self.ask(agent, "failing.nonf")
            self.assert_failed(first, 502, "cmdlet", "ssh.scripts_refused", "query")
            self.assertIn("write language: none or language: auto", first.text)
            self.assert_failed(self.ask(agent, "failing.brok"), 502, "cmdlet", "psrp.broken", "open")
            self.assert_failed(self.ask(agent, "failing.impf"), 502, "cmdlet", "cmdlet.import_failed", "query")
            self.assert_failed(self.ask(agent, "failing.impn"), 502, "cmdlet", "cmdlet.import_failed", "query")
            self.assert_failed(self.ask(agent, "failing.gone"), 504, "timeout", "ssh.timeout", "open")
            self.assert_no_zombies(agent)
            # What remoting left of the modules: texts, or objects where the type's own depth is two.
            for endpoint, kind in (("fuln", str), ("deep", dict)):
                modules = self.same(agent, f"failing.{endpoint}", **{"as": "json"}).json()["BackupModules"]
                self.assertEqual({type(module) for module in modules}, {kind})

    def test_evaluate_shows_the_language(self):
        endpoints = {"full": {}, "cons": {"session": "constrained"}, "none": {"session": "nolanguage"}}
        self.configure_engine(endpoints, {endpoint: ["healthy"] for endpoint in endpoints})
        for endpoint, language in (("full", "FullLanguage"), ("cons", "ConstrainedLanguage"), ("none", "no scripts: the cmdlet is called alone")):
            status, text = self.evaluate(f"healthy.{endpoint}")
            self.assertEqual(status, 0, text)
            self.assertRegex(text, rf"(?m)^ +language +{language}")
            self.assertRegex(text, r"(?m)^ +PowerShell +7\.")


if __name__ == "__main__":
    unittest.main()
