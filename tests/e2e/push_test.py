"""Transport push: exports that are PUT, who may, which count, and that neither a kill nor a flood loses or costs anything."""

import base64
import concurrent.futures
import contextlib
import json
import pathlib
import socket
import subprocess
import unittest

import web_test
from lab import LabTest, request, status_object, utc, wrapper

POOL = "atl.example.com"
OTHER = "chi.example.com"
MODULE = "A.B"
# bcrypt at cost 10: `secret of prom`.
HASH = "$2b$10$abcdefghijklmnopqrstuuWzL.OK7PJbHDteW.6TWI8w8cZeaB8BG"
LOGIN = {"Authorization": "Basic " + base64.b64encode(b"prom:secret of prom").decode()}
UP = f'sfb_backup_up{{pool="{POOL}"}}'
WORKING = f'sfb_backup_service_working{{pool="{POOL}"}}'
SUCCESS = f'sfb_backup_last_evaluation_success_timestamp_seconds{{pool="{POOL}"}}'


def export(state="FinalState", pool=POOL, when=None):
    return wrapper(pool, status_object([MODULE], {MODULE: (state, "NormalState")}), when=when)


class Push(LabTest):
    def setUp(self):
        super().setUp()
        (self.folder / "web.yml").write_text(f"basic_auth_users: {{prom: '{HASH}', desk: '{HASH}'}}\n", encoding="utf-8")
        self.configured({POOL: "inbox", OTHER: "inbox"})

    def configured(self, pools, **limits):
        names = list(pools)
        partners = {name: names[i ^ 1] if i ^ 1 < len(names) else "partner.example.com" for i, name in enumerate(names)}
        (self.folder / "agent.yml").write_text(json.dumps({
            "global": {"evaluation_interval": "1h", "evaluation_timeout": "5s", "min_live_interval": "0s"},
            "limits": limits or {"object": "1MiB"},
            "endpoints": {name: {"transport": "push", "from": {"users": ["prom"]}} for name in set(pools.values())},
            "pools": [{"fqdn": name, "endpoint": endpoint, "paired_pool": partners[name], "site": "lab"}
                      for name, endpoint in pools.items()],
            "authorization": {"users": {"prom": ["RTCUniversalServerAdmins"]}}}), encoding="utf-8")

    def started(self, *arguments):
        return self.agent(f"--web.config.file={self.folder}/web.yml", f"--storage.path={self.folder}/state", *arguments)

    @staticmethod
    def push(agent, body, pool=POOL, headers=None):
        return request(agent.address, "PUT", f"/api/v1/exports/{pool}", body.encode() if isinstance(body, str) else body,
                       {**LOGIN, **(headers or {})})

    @staticmethod
    def value(agent, series):
        for line in agent.request("/metrics", LOGIN).text.splitlines():
            if line.startswith(series + " "):
                return float(line.rsplit(" ", 1)[1])
        return None

    def test_a_push_is_evaluated_at_once_and_outlives_a_kill(self):
        made = utc(-20)
        with self.started() as agent:
            self.wait(lambda: self.value(agent, UP) == 0, "the first evaluation, which has nothing")
            self.assertEqual(self.push(agent, export(when=made)).status, 204)
            self.wait(lambda: self.value(agent, UP) == 1, "the evaluation that the push asks for")
            before = self.value(agent, SUCCESS)
            self.assertEqual(self.push(agent, export("ErrorState")).status, 204)
            agent.process.kill()
            agent.process.wait()
        with self.started() as agent:
            self.wait(lambda: self.value(agent, UP) == 1, "the answer of before the kill")
            self.wait(lambda: self.value(agent, WORKING) == 0, "the last push, which was answered 204")
            self.assertGreater(self.value(agent, SUCCESS), before)

    def test_its_age_is_true_after_a_restart(self):
        made = utc(-30)
        with self.started() as agent:
            self.assertEqual(self.push(agent, export(when=made)).status, 204)
            self.wait(lambda: self.value(agent, UP) == 1, "the evaluation")
            first = self.value(agent, SUCCESS)
        with self.started() as agent:
            self.wait(lambda: self.value(agent, UP) == 1, "the evaluation after the restart")
            self.assertAlmostEqual(self.value(agent, SUCCESS), first, delta=0.01)

    def test_curl_pushes_a_file_with_and_without_expect(self):
        (self.folder / "e.clixml").write_text(export(), encoding="utf-8")
        with self.started() as agent:
            for option in ("Expect: 100-continue", "Expect:"):
                run = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-u", "prom:secret of prom", "-H", option,
                                      "-T", self.folder / "e.clixml", f"http://{agent.address}/api/v1/exports/{POOL}"],
                                     capture_output=True, text=True, timeout=60, check=False)
                self.assertEqual((run.stdout, run.returncode), ("204", 0), run.stderr)

    def test_each_refusal_has_its_status_and_code_and_none_of_the_content(self):
        with self.started() as agent:
            self.assertEqual(self.push(agent, export()).status, 204)
            for status, code, answer in (
                    (401, "access.login", request(agent.address, "PUT", f"/api/v1/exports/{POOL}", export().encode())),
                    (403, "push.not_allowed", self.push(agent, export(), headers={"Authorization": LOGIN["Authorization"].replace(
                        LOGIN["Authorization"].split()[1], base64.b64encode(b"desk:secret of prom").decode())})),
                    (404, "push.not_here", self.push(agent, export(pool="no.example.com"), "no.example.com")),
                    (409, "push.older", self.push(agent, export(when=utc(-3600)))),
                    (413, "push.too_large", self.push(agent, b"<" * (2 << 20) + b"<")),
                    (413, "file.too_large", self.push(agent, b"<" * (1 << 20) + b"<")),
                    (415, "push.type", self.push(agent, export(), headers={"Content-Type": "text/html"})),
                    (400, "file.foreign", self.push(agent, "hunter2 is no export")),
                    (400, "file.wrong_pool", self.push(agent, export(pool=OTHER))),
                    (400, "file.truncated", self.push(agent, export()[:-20])),
                    (400, "file.empty", self.push(agent, ""))):
                with self.subTest(code):
                    self.assertEqual((answer.status, answer.json()["code"]), (status, code), answer.text)
                    self.assertNotIn("hunter2", answer.text)
                    self.assertEqual(answer.json()["status"], status)
            self.assertEqual(request(agent.address, "GET", f"/api/v1/exports/{POOL}", headers=LOGIN).status, 405)
            self.assertNotIn("hunter2", agent.log())
            # And what was held is held still.
            self.wait(lambda: self.value(agent, UP) == 1, "the export of the beginning")

    def test_a_token_that_only_pushes_pushes_and_opens_no_page(self):
        token = "0123456789abcdef0123"
        (self.folder / "token").write_text(token + "\n", encoding="utf-8")
        (self.folder / "token").chmod(0o600)
        (self.folder / "agent.yml").write_text(json.dumps({
            "endpoints": {"inbox": {"transport": "push", "from": {"tokens": ["fe"]}}},
            "pools": [{"fqdn": POOL, "endpoint": "inbox", "paired_pool": OTHER, "site": "lab"}],
            "authorization": {"tokens": [{"name": "fe", "token_file": "token"}]}}), encoding="utf-8")
        bearer = {"Authorization": f"Bearer {token}"}
        with self.agent() as agent:
            path = f"/api/v1/exports/{POOL}"
            self.assertEqual(request(agent.address, "PUT", path, export().encode(), bearer).status, 204)
            refused = request(agent.address, "PUT", path, export().encode())
            self.assertEqual(refused.status, 401)
            self.assertIn("Bearer", refused.headers["WWW-Authenticate"])
            self.assertEqual(request(agent.address, "PUT", path, export().encode(), {"Authorization": "Bearer " + "x" * 20}).status, 401)
            self.assertEqual(request(agent.address, "GET", "/api/v1/pools", headers=bearer).status, 403)
            self.assertNotIn(token, agent.log())

    def test_one_dated_ahead_gives_way(self):
        with self.started() as agent:
            ahead = self.push(agent, export(when=utc(1800)))
            self.assertEqual(ahead.status, 204)
            self.assertRegex(ahead.headers["X-Doubt"], "the export is dated .* ahead of this machine's clock; set the clock")
            self.assertIn("until then it is not used", self.push(agent, export(when=utc(7200))).headers["X-Doubt"])
            right = self.push(agent, export(when=utc(-5)))
            self.assertEqual((right.status, right.headers["X-Doubt"]), (204, None))
            older = self.push(agent, export(when=utc(-3600)))
            self.assertEqual(older.status, 409)
            self.assertIn("only where the held one was dated over 5 minutes ahead", older.json()["remedy"])

    def test_a_reload_keeps_it_and_a_removed_pool_loses_it(self):
        with self.started() as agent:
            self.assertEqual(self.push(agent, export()).status, 204)
            self.wait(lambda: self.value(agent, UP) == 1, "the evaluation")
            self.configured({POOL: "other"})
            agent.signal(1)
            self.wait(lambda: "other" in agent.request("/config", LOGIN).text, "the reload")
            answer = agent.query(POOL, LOGIN)
            self.assertEqual(answer.status, 200, answer.text)
            self.configured({OTHER: "other"})
            agent.signal(1)
            self.wait(lambda: agent.query(POOL, LOGIN).status == 404, "the pool to go")
            self.configured({POOL: "other"})
            agent.signal(1)
            self.wait(lambda: agent.query(POOL, LOGIN).status != 404, "the pool to come back")
            self.assertEqual(agent.query(POOL, LOGIN, **{"as": "json"}).json()["code"], "push.missing")

    def test_a_push_to_the_wrong_shard_says_which_one(self):
        with self.started("--shard=0", "--total-shards=2") as agent:
            answers = {pool: self.push(agent, export(pool=pool), pool) for pool in (POOL, OTHER, )}
            elsewhere = [answer for answer in answers.values() if answer.status == 404]
            for answer in elsewhere:
                self.assertEqual(answer.json()["code"], "pool.other_shard")
                self.assertIn("--shard 1", answer.json()["remedy"])
            self.assertTrue(all(answer.status in (204, 404) for answer in answers.values()))

    def test_a_caller_who_sends_slowly_keeps_no_other_out(self):
        self.configured({POOL: "inbox", OTHER: "inbox"}, object="1MiB", in_flight="16MiB")
        path = self.folder / "agent.yml"
        configuration = json.loads(path.read_text(encoding="utf-8"))
        configuration["endpoints"]["inbox"]["from"]["users"] = ["prom", "desk"]
        path.write_text(json.dumps(configuration), encoding="utf-8")
        head = (f"PUT /api/v1/exports/{POOL} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {LOGIN['Authorization']}\r\n"
                f"Content-Length: {2 << 20}\r\nExpect: 100-continue\r\n\r\n").encode()
        desk = "Basic " + base64.b64encode(b"desk:secret of prom").decode()
        with self.started() as agent, contextlib.ExitStack() as stack:
            answers = []
            for _ in range(2):
                host, port = agent.address.rsplit(":", 1)
                connection = stack.enter_context(socket.create_connection((host, int(port)), 30))
                connection.sendall(head)
                answers.append(connection.recv(4096))
            self.assertIn(b"100 Continue", answers[0])
            self.assertIn(b" 503 ", answers[1])
            self.assertEqual(self.push(agent, export(), headers={"Authorization": desk}).status, 204)

    def test_a_flood_is_bounded_and_scrapes_go_on(self):
        self.configured({POOL: "inbox", OTHER: "inbox"}, object="4MiB", in_flight="16MiB")
        body = export().replace("<Objs", "<!-- " + "x" * (3 << 20) + " --><Objs", 1)
        with self.started() as agent:
            self.wait(lambda: self.value(agent, UP) == 0, "the first evaluation")
            with concurrent.futures.ThreadPoolExecutor(16) as pushers:
                pushes = [pushers.submit(self.push, agent, body) for _ in range(64)]
                while not all(push.done() for push in pushes):
                    self.assertEqual(agent.request("/metrics", LOGIN).status, 200)
                statuses = {push.result().status for push in pushes}
            self.assertLessEqual(statuses, {204, 400, 429, 503}, statuses)
            self.assertTrue(statuses & {429, 503}, statuses)
            peak = int(next(line for line in pathlib.Path(f"/proc/{agent.process.pid}/status").read_text(encoding="utf-8").splitlines()
                            if line.startswith("VmHWM")).split()[1])
            self.assertLess(peak, 400 << 10, "kB")
            self.assertEqual(self.wait(lambda: self.push(agent, export(pool=OTHER), OTHER).status == 204, "another pool's push"), True)


class ByCertificate(web_test.Web):
    def test_curl_pushes_with_a_client_certificate(self):
        (self.folder / "agent.yml").write_text(json.dumps({
            "endpoints": {"inbox": {"transport": "push", "from": {"certificates": ["Front-End.example.com"]}}},
            "pools": [{"fqdn": POOL, "endpoint": "inbox", "paired_pool": OTHER, "site": "lab"}]}), encoding="utf-8")
        (self.certificates / "e.clixml").write_text(export(), encoding="utf-8")
        self.client("front-end", "DNS:front-end.example.com")
        self.write(client_auth_type="VerifyClientCertIfGiven", client_ca_file="ca.pem")
        with self.served(f"--storage.path={self.folder}/state") as agent:
            path = f"/api/v1/exports/{POOL}"
            for client, status, code in (("front-end", 204, ""), ("client", 403, "push.not_allowed"), (None, 403, "push.not_allowed")):
                exit_code, answered, body = self.curl(agent, path, "-T", "e.clixml", client=client)
                self.assertEqual((exit_code, answered, json.loads(body)["code"] if body else ""), (0, status, code), body)
            self.wait(lambda: self.metric(agent, "sfb_backup_up{pool=\"" + POOL + "\"}") == 1, "the evaluation")
            self.wait_logged(agent, rf"push .*pool={POOL} status=204 ")


if __name__ == "__main__":
    unittest.main()
