"""deploy/windows/Export-BackupStatus.ps1 -Uri run by Microsoft's engine, against a server that answers as it is told."""

import http.server
import os
import subprocess
import threading
import unittest

import engine
import lab

SCRIPT = lab.ROOT / "deploy" / "windows" / "Export-BackupStatus.ps1"
TOKEN = "0123456789abcdef0123"
MIB = 1 << 20

# Get-Acl as Windows has it; {0} are the rules: SID, kind and rights.
ACL = """
function Get-Acl {{
    param([string] $LiteralPath)
    $rules = @(foreach ($rule in {0}) {{
        [pscustomobject] @{{ IdentityReference = [pscustomobject] @{{ Value = $rule[0] }}; AccessControlType = $rule[1]; FileSystemRights = $rule[2] }}
    }})
    New-Object psobject | Add-Member -PassThru ScriptMethod GetAccessRules {{ $rules }}.GetNewClosure()
}}
"""


def setUpModule():
    engine.need_lab()


class Receiver(http.server.ThreadingHTTPServer):
    """Answers each PUT with the next of `statuses`, the last one for ever, and `says`; keeps what came."""

    def __init__(self, statuses, says=b"", promised=None, address="127.0.0.1"):
        super().__init__((address, 0), Handler)
        self.statuses = list(statuses)
        self.says = says
        self.promised = len(says) if promised is None else promised
        self.taken_whole = False
        self.came = []


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append((self.path, dict(self.headers), body))
        statuses = self.server.statuses
        self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
        self.send_header("Retry-After", "1")
        self.send_header("Content-Length", str(self.server.promised))
        self.end_headers()
        try:
            self.wfile.write(self.server.says)
            self.server.taken_whole = True
        except ConnectionError:
            pass
        self.close_connection = len(self.server.says) < self.server.promised

    def log_message(self, *_):
        pass


class PushScript(engine.EngineTest):
    def receiver(self, *statuses, **more):
        server = Receiver(statuses, **more)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def push(self, port, *options, pools="plain.push.example.com", status=0, token=TOKEN, uri="http://127.0.0.1:{}/", **env):
        """Runs the script as a task would. What it printed."""
        token_file = self.folder / "token.txt"
        token_file.write_text(token + "\r\n", encoding="utf-8")
        command = [engine.LAB, "-Modules", engine.LAB.parent / "modules" / "plain", "-NoLogo", "-NoProfile", "-NonInteractive", "-File", SCRIPT,
                   "-PoolFqdn", pools, "-Path", self.folder / "exports", "-Uri", uri.format(port), "-TokenFile", token_file, *options]
        run = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False,
                             env={**os.environ, "SFB_LAB_SCENARIO": str(self.scenario("push")), "NO_COLOR": "1", **env})
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        self.assertNotIn(token, run.stdout + run.stderr)
        return run.stdout + run.stderr

    def left(self):
        return sorted(path.name for path in (self.folder / "exports").iterdir())

    def test_answers_are_sent_and_not_left_behind(self):
        server = self.receiver(503, 204)
        self.push(server.server_port, "-PerCategory", status=1, pools="unlisted.push.example.com")
        self.assertEqual(len(server.came), 5, "one was sent twice")
        for path, headers, body in server.came:
            self.assertEqual(path, "/api/v1/exports/unlisted.push.example.com")
            self.assertEqual(headers["Authorization"], f"Bearer {TOKEN}")
            self.assertEqual(headers["Content-Type"], "application/xml")
            self.assertIn(b"SfbBackupExport", body)
        self.assertNotIn(b'N="Category"', server.came[0][2])
        for (_, _, body), category in zip(server.came[2:], (b"UserData", b"CMS", b"RGS")):
            self.assertIn(b'<S N="Category">' + category + b"</S>", body)
        self.assertEqual(self.left(), [])

    def test_what_cannot_be_sent_is_written(self):
        said = self.push(1, status=2, pools="a.push.example.com,b.push.example.com")
        self.assertEqual(self.left(), ["a.push.example.com.clixml", "b.push.example.com.clixml"])
        self.assertIn("not sent, because the exporter did not answer before", said)
        server = self.receiver(403)
        said = self.push(server.server_port, status=2, pools="a.push.example.com")
        self.assertIn("status 403", said)
        self.assertEqual(len(server.came), 1, "another try helps nobody")

    def test_a_newer_one_that_is_there_is_no_fault(self):
        server = self.receiver(409)
        said = self.push(server.server_port, status=1, pools="unlisted.push.example.com")
        self.assertIn("the exporter has a newer one", said)
        self.assertEqual(self.left(), [])

    def test_wrong_parameters_ask_nobody(self):
        server = self.receiver(204)
        self.assertIn("its first line is no token", self.push(server.server_port, status=2, token="short"))
        self.assertIn("either -TokenFile or -UseDefaultCredentials", self.push(server.server_port, "-UseDefaultCredentials", status=2))
        self.assertEqual(server.came, [])

    def test_plain_http_does_not_leave_this_machine(self):
        for host in ("exporter.push.invalid", "127.0.0.1.push.invalid", "localhost.push.invalid", "127.0.0.1@exporter.push.invalid", "192.0.2.1", "[::2]"):
            with self.subTest(host=host):
                said = self.push(1, status=2, uri=f"http://{host}:{{}}")
                self.assertIn("Give an address with https", said)
                self.assertFalse((self.folder / "exports").exists() and self.left(), "it was tried")
        self.assertIn("it is no address", self.push(1, status=2, uri="https://a b:{}"))

    def test_plain_http_on_this_machine_and_https_are_used(self):
        for host, address in (("localhost", "127.0.0.1"), ("127.0.0.2", "127.0.0.2")):
            with self.subTest(host=host):
                server = self.receiver(204, address=address)
                self.push(server.server_port, status=1, uri=f"http://{host}:{{}}", pools="unlisted.push.example.com")
                self.assertEqual(len(server.came), 1)
        for uri in ("http://[::1]:1", "HTTPS://127.0.0.1:1"):
            with self.subTest(uri=uri):
                self.assertIn("not sent to " + uri, self.push(1, status=2, uri=uri))

    def test_the_proxy_of_the_system_is_not_asked(self):
        server, proxy = self.receiver(403), self.receiver(204)
        self.push(server.server_port, status=2, http_proxy=f"http://127.0.0.1:{proxy.server_port}")
        self.assertEqual((len(server.came), proxy.came), (1, []))

    def test_of_a_long_answer_the_beginning_is_read(self):
        server = self.receiver(403, says=b"x" * 500 + b"y" * 64 * MIB)
        said = self.push(server.server_port, status=2)
        self.assertIn("status 403: " + "x" * 500 + "\n", said)
        self.assertFalse(server.taken_whole, "64 MiB were read")

    def test_an_answer_that_breaks_off_has_its_status(self):
        server = self.receiver(403, says=b"the pool is not yours", promised=1000)
        said = self.push(server.server_port, status=2)
        self.assertIn("status 403: the pool is not yours", said)
        self.assertIn("instead", said)

    def test_a_token_that_everybody_may_read_is_told(self):
        acl = self.folder / "modules" / "Acl" / "Acl.psm1"
        acl.parent.mkdir(parents=True)
        server = self.receiver(204)
        owner = "@('S-1-5-21-1-2-3-1001', 'Allow', 2032127)"
        open_to_all = "@('S-1-1-0', 'Allow', 131209), @('S-1-5-11', 'Allow', 1179785), @('S-1-5-32-545', 'Allow', 2032127)"
        for rules, told in ((f"@({owner}, {open_to_all})", ["can be read by Authenticated Users, Everyone, Users"]),
                            (f"@({owner}, @('S-1-5-32-545', 'Deny', 1), @('S-1-1-0', 'Allow', 1048704), @('S-1-5-32-544', 'Allow', 1))", []),
                            ("$(throw 'Attempted to perform an unauthorized operation.')", ["cannot be seen: Attempted to perform an unauthorized operation."])):
            with self.subTest(told=told):
                acl.write_text(ACL.format(rules), encoding="utf-8")
                said = self.push(server.server_port, status=1, pools="unlisted.push.example.com", PSModulePath=str(acl.parents[1]))
                self.assertEqual([line.split("token.txt' ")[1].split(". Let only")[0] for line in said.splitlines() if "TokenFile" in line], told)


if __name__ == "__main__":
    unittest.main()
