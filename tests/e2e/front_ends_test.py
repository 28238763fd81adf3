"""Several front ends of one endpoint: another takes the place of one that cannot be reached, and says so; a refusal is never taken elsewhere."""

import contextlib
import json
import signal
import subprocess
import unittest

import lab
import logon_lab

POOL = "fe.example.com"


class FrontEndsTest(lab.LabTest):
    def front_end(self, name, port=0, **keys):
        """One that can end and come back at its port."""
        listener = {"name": name, "users": {"svc-sfbmon": "hunter2"}, "listen": f"127.0.0.1:{port}", **keys}
        return self.simulator({"listeners": [listener], "pools": {POOL: {}}}, name=name)

    def configure_list(self, urls, **extra):
        self.configure_winrm({"atlanta": {"url": urls, "allow_unencrypted": True}}, {POOL: "atlanta"}, **extra)

    def named(self, agent):
        """URLs of the gauge."""
        return [dict(labels)["url"] for labels, value in agent.series("sfb_backup_endpoint_front_end").items() if value == 1]

    def asked(self, agent):
        """Who the newest evaluation of the history went to, and its outcome."""
        newest = (agent.history(POOL)["history"] or [{}])[0]
        return newest.get("front_end") or None, newest.get("outcome")

    def wait_answers(self, agent, url):
        self.wait(lambda: self.named(agent) == [url] and self.asked(agent) == (url, "good") and agent.by_pool("sfb_backup_up") == {POOL: 1},
                  lambda: f"{url} to answer: {self.named(agent)} {agent.history(POOL)['history'][:3]}\n{agent.log()[-2000:]}")

    def evaluations(self, agent):
        return agent.by_pool("sfb_backup_evaluations_total")[POOL]

    def wait_more(self, agent, count=3):
        before = self.evaluations(agent)
        self.wait(lambda: self.evaluations(agent) >= before + count, "further evaluations")

    def test_the_one_that_works_stays_until_it_fails(self):
        ports = [lab.free_port(), lab.free_port()]
        urls = [f"http://127.0.0.1:{port}/wsman" for port in ports]
        with contextlib.ExitStack() as stack:
            second = stack.enter_context(self.front_end("second", ports[1]))
            self.configure_list(urls)
            agent = stack.enter_context(self.agent())
            self.wait(agent.ready, "ready")
            self.wait_answers(agent, urls[1])
            self.assertEqual(agent.log().count("another front end is used"), 1, agent.log())
            first = stack.enter_context(self.front_end("first", ports[0]))
            self.wait_more(agent)
            self.wait_answers(agent, urls[1])
            self.assertEqual(first.status()["connections"], 0, "the first is back, and the second still works")
            lab.stop(second.process)
            self.wait_answers(agent, urls[0])
            self.assertEqual(agent.log().count("another front end is used"), 2, agent.log())
            # None is there: none answers, and the history says that nobody was reached.
            lab.stop(first.process)
            self.wait(lambda: not self.named(agent), lambda: f"nobody to answer: {self.named(agent)}")
            self.wait(lambda: self.asked(agent) == (None, "failed"), lambda: f"a failure: {agent.history(POOL)['history'][0]}")
            failed = agent.history(POOL)["history"][0]
            self.assertEqual((failed["reason"], failed["code"], failed["stage"]), ("connect", "connect.refused", "connect"))
            for port in ports:
                self.assertIn(f"127.0.0.1:{port}", failed["message"])
            stack.enter_context(self.front_end("third", ports[0]))
            self.wait_answers(agent, urls[0])
            # Another list is another endpoint: nothing is left of the old one.
            other = stack.enter_context(self.front_end("other"))
            self.configure_list([other.url("other")])
            agent.signal(signal.SIGHUP)
            self.wait_answers(agent, other.url("other"))
            page, history = agent.metrics(), json.dumps(agent.history(POOL))
            for url in urls:
                self.assertNotIn(url, page)
                self.assertNotIn(url, history)

    def test_a_refused_logon_goes_to_nobody_else(self):
        with self.front_end("first", users={"svc-sfbmon": "another"}) as first, self.front_end("second") as second:
            self.configure_list([first.url("first"), second.url("second")])
            with self.agent() as agent:
                self.wait(lambda: agent.history(POOL)["history"], "an evaluation")
                failed = agent.history(POOL)["history"][-1]
                self.assertEqual((failed["code"], failed["front_end"]), ("auth.refused", first.url("first")))
                self.assertNotEqual(agent.query(POOL).status, 200)
            status = second.status()
            self.assertEqual((status["connections"], status["requests"]), (0, 0), status)

    def test_evaluate_names_both(self):
        port = lab.free_port()
        dead = f"http://127.0.0.1:{port}/wsman"
        with self.front_end("second") as second:
            self.configure_list([dead, second.url("second")])
            shown = subprocess.run([lab.AGENT, "evaluate", f"--config.file={self.folder}/agent.yml", POOL], capture_output=True, text=True,
                                   timeout=60, check=False)
            self.assertEqual(shown.returncode, 0, shown.stderr)
            told = " ".join(shown.stderr.split())
            self.assertIn(f"not_reached {dead}: 127.0.0.1:{port}: connection refused", told)
            self.assertIn(f"front_end {second.url('second')}", told)


class NamesTest(logon_lab.LogonTest):
    """The SPN, the name in the certificate and the channel bindings are those of the front end that is used."""

    def test_they_follow_the_url(self):
        realm = self.realm()
        with self.front_end(realm, **logon_lab.TLS, channel_bindings="strict") as servers:
            there = servers.url("fe").replace("127.0.0.1", "localhost")
            self.configure_logon(servers, realm, endpoint={"url": ["https://nowhere.invalid/wsman", there]})
            with self.agent() as agent:
                self.wait_up(agent)
                logon = servers.status()["last_logon"]
                self.assertEqual((logon["method"], logon["bound"]), ("kerberos", "true"), logon)
                self.assertGreater(agent.value('sfb_backup_endpoint_certificate_expiry_timestamp_seconds{endpoint="fe"}'), 0)
            shown = self.evaluate()
            self.assertEqual(shown.returncode, 0, shown.stderr)
            self.assertIn("HTTP/localhost", shown.stderr)
            self.assertNotIn("HTTP/nowhere.invalid", shown.stderr)


if __name__ == "__main__":
    unittest.main()
