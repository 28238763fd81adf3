"""One request id joins the answer's header, the lines of the log and the history."""

import re
import socket
import unittest

import lab
from lab import LabTest, wrapper

ATL, CHI = "atl.example.com", "chi.example.com"
ID = "night-shift_7.a"


class RequestIds(LabTest):
    def setUp(self):
        super().setUp()
        self.configure()
        self.drop_status(ATL)
        self.drop(CHI, wrapper(CHI, errors=lab.error_record("stopped"), state="Failed"))

    def lines(self, agent, wanted=ID):
        """The messages of the log lines that hold the id."""
        found = re.findall(rf'(?m) msg=("[^"]*"|\S+) .*\brequest_id={wanted}$', agent.log())
        return [message.strip('"') for message in found]

    def history(self, agent, pool, wanted=ID):
        entries = agent.request(f"/api/v1/history?PoolFqdn={pool}").json()["history"]
        return [entry for entry in entries if entry["request_id"] == wanted]

    def test_of_a_query(self):
        with self.agent("--log.level=debug") as agent:
            self.wait(agent.ready, "ready")
            answer = agent.query(CHI, headers={"X-Request-Id": ID}, Force="true")
            self.assertEqual((answer.status, answer.headers["X-Request-Id"]), (502, ID))
            self.wait(lambda: len(self.lines(agent)) >= 3, "the lines")
            self.assertEqual(sorted(self.lines(agent)), ["evaluation failed", "query", "request"])
            (entry,) = self.history(agent, CHI)
            number = entry["id"]
            self.assertEqual((entry["trigger"], entry["question"]), ("query", "-Force"))
            self.assertEqual(answer.headers["X-Evaluation-Id"], str(number))
            self.assertRegex(agent.log(), rf"msg=query [^\n]*\bevaluation={number} [^\n]*request_id={ID}\n")
            self.assertRegex(agent.log(), rf'msg="evaluation failed" [^\n]*\bevaluation={number} [^\n]*request_id={ID}\n')

    def test_of_a_probe(self):
        with self.agent("--log.level=debug") as agent:
            self.wait(agent.ready, "ready")
            answer = agent.request(f"/probe?target={CHI}", {"X-Request-Id": ID})
            self.assertEqual((answer.status, answer.headers["X-Request-Id"]), (200, ID))
            self.wait(lambda: "request" in self.lines(agent), "the line")
            self.assertIn("evaluation failed", self.lines(agent))
            (entry,) = self.history(agent, CHI)
            self.assertEqual(entry["trigger"], "probe")
            self.assertEqual(answer.headers["X-Evaluation-Id"], str(entry["id"]))

    def test_every_answer_has_one(self):
        with self.agent("--log.level=debug") as agent:
            self.wait(agent.ready, "ready")
            for path in ("/metrics", "/-/healthy", "/-/ready", "/", "/config", "/nowhere", "/api/v1/nowhere", "/api/v1/pools",
                         "/probe", "/probe?target=nowhere", "/http_sd", "/-/reload", "/api/v1/Get-CsBackupServiceStatus"):
                given = agent.request(path, {"X-Request-Id": ID})
                self.assertEqual(given.headers["X-Request-Id"], ID, path)
                self.assertEqual(len(given.headers.get_all("X-Request-Id")), 1, path)
                for wrong in ("", "a b", "x" * 65, "\u00fc", "a\tb", "{}"):
                    made = agent.request(path, {"X-Request-Id": wrong.encode("latin-1")}).headers["X-Request-Id"]
                    self.assertRegex(made, r"^[0-9a-f]{16}$", path)
            self.assertEqual(agent.request("/", {"Host": "evil.example.com", "X-Request-Id": ID}).headers["X-Request-Id"], ID)

    def test_what_is_no_request_gets_one_that_stands_in_the_log(self):
        with self.agent("--log.level=debug") as agent:
            host, port = agent.address.rsplit(":", 1)
            for sent, status in ((b"NONSENSE\r\n\r\n", 400), (b"GET / HTTP/1.1\r\n\r\n", 400),
                                 (b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"x" * 20000 + b"\r\n\r\n", 431)):
                with socket.create_connection((host, int(port)), lab.WAIT) as connection:
                    connection.settimeout(lab.WAIT)
                    connection.sendall(sent)
                    head = connection.makefile("rb").read().decode()
                self.assertTrue(head.startswith(f"HTTP/1.1 {status} "), head)
                made = re.search(r"(?m)^X-Request-Id: ([0-9a-f]{16})\r$", head).group(1)
                self.wait(lambda made=made: self.lines(agent, made) == ["request refused"], "the line")


if __name__ == "__main__":
    unittest.main(verbosity=2)
