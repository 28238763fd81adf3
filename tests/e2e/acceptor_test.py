"""The simulator as acceptor, shown by clients that are not ours: python3-gssapi, curl, python3-winrm."""

import os
import re
import subprocess
import sys

import kdc
import lab
import logon_lab

CLIENT = "svc-sfbmon"
ACCOUNT = {r"LITWAREINC\svc-sfbmon": "hunter2"}


def setUpModule():
    global wire, gssapi
    try:
        import gssapi
        import front_end_client as wire
    except ImportError as error:
        lab.skip_module(f"{error} (deploy/packages test)")
    if lost := kdc.missing():
        lab.skip_module(f"not installed: {', '.join(lost)} (deploy/packages test)")


class Acceptor(lab.LabTest):
    def setUp(self):
        super().setUp()
        environment = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(environment)))

    def realm(self, **options):
        """A realm with the account and the service; this process is its client."""
        realm = kdc.Kdc(self.folder, **options)
        self.enterContext(realm)
        realm.add(CLIENT, "hunter2")
        realm.service()
        os.environ.update({"KRB5_CONFIG": str(realm.folder / "krb5.conf"), "KRB5RCACHENAME": f"file2:{realm.folder}/rcache"})
        self.ticket = wire.kerberos_credential(realm.kinit(CLIENT, "hunter2"))
        return realm

    def front_end(self, faults=(), violations=False, environment=None, **listener):
        keys = {"name": "fe", "authenticate": ["Negotiate"], "encryption": "required", **listener}
        scenario = {"listeners": [keys], "pools": {}, "faults": list(faults),
                    **({"certificate": {"make": "pki", "names": ["localhost"]}} if "tls" in listener else {})}
        simulator = self.simulator(scenario, environment=environment)
        if violations:
            simulator.__enter__()
            self.addCleanup(lab.stop, simulator.process)
        else:
            self.enterContext(simulator)
        return simulator

    def client(self, simulator, credential, **options):
        return self.enterContext(wire.Client(simulator.url("fe"), credential, **options))

    def ntlm(self, password="hunter2"):
        return wire.ntlm_credential(r"LITWAREINC\svc-sfbmon", password)

    def asked(self, client, **options):
        """One sealed request and its answer, opened."""
        answer = client.send_sealed(**options)
        self.assertEqual(answer.status, 200, answer.text)
        self.assertRegex(answer.headers["Content-Type"], "^multipart/encrypted;")
        original, plain = client.open(answer)
        self.assertEqual(original, "type=application/soap+xml;charset=UTF-8")
        self.assertIn(b"ResourceCreated", plain)

    def methods(self):
        """(name, scheme, mechanism, credential, legs)."""
        return (("Kerberos in SPNEGO", "Negotiate", wire.SPNEGO, self.ticket, 1), ("raw Kerberos", "Negotiate", wire.KERBEROS, self.ticket, 1),
                ("scheme Kerberos", "Kerberos", wire.KERBEROS, self.ticket, 1), ("NTLM in SPNEGO", "Negotiate", wire.SPNEGO, self.ntlm(), 2),
                ("raw NTLM", "Negotiate", wire.NTLM, self.ntlm(), 2), ("scheme NTLM", "NTLM", wire.NTLM, self.ntlm(), 2))


class Methods(Acceptor):
    def test_each_seals_several_messages_on_one_connection(self):
        realm = self.realm()
        simulator = self.front_end(authenticate=["Negotiate", "Kerberos", "NTLM"], keytab=str(realm.folder / "server.keytab"), users=ACCOUNT)
        for name, scheme, mechanism, credential, legs in self.methods():
            with self.subTest(name):
                simulator.reset_counters()
                with wire.Client(simulator.url("fe"), credential, scheme=scheme, mechanism=mechanism) as client:
                    self.assertEqual(client.log_on().status, 200)
                    self.assertTrue(client.context.complete)
                    for size in (0, 40_000):
                        self.asked(client, plain=wire.create_shell(padding=f"<!--{'x' * size}-->"))
                    status = simulator.status()
                    self.assertEqual((status["contexts"], status["logons_ok"], status["logons_failed"]), (1, 1, 0))
                    self.assertEqual((status["logon_legs"], status["sealed_requests"], status["http_requests"]), (legs, 2, legs + 2))
                    logon = status["last_logon"]
                    kerberos = "Kerberos" in name
                    self.assertEqual(logon["method"], "kerberos" if kerberos else "ntlm")
                    self.assertEqual(logon["user"], "svc-sfbmon@LITWAREINC.COM" if kerberos else r"LITWAREINC\svc-sfbmon")
                    self.assertEqual(logon["target"], "HTTP/localhost@LITWAREINC.COM" if kerberos else "HTTP/localhost")
                    self.assertEqual(logon.get("enctype"), "18" if kerberos else None)
        lab.wait_for(lambda: simulator.status()["contexts"] == 0, "the contexts to go with their connections")

    def test_enctypes(self):
        for number, enctypes, signature in ((18, kdc.AES, 60), (20, kdc.AES_SHA2, 72), (23, kdc.RC4, None)):
            with self.subTest(enctypes):
                self.folder = self.folder / str(number)
                self.folder.mkdir()
                realm = self.realm(enctypes=enctypes)
                simulator = self.front_end(keytab=str(realm.folder / "server.keytab"))
                client = self.client(simulator, self.ticket)
                client.log_on()
                self.asked(client)
                self.assertEqual(simulator.status()["last_logon"]["enctype"], str(number))
                if signature:
                    body = client.seal(b"x")[1]
                    self.assertIn(bytes([signature, 0, 0, 0]), body)

    def test_the_list_is_honoured(self):
        realm = self.realm()
        simulator = self.front_end(keytab=str(realm.folder / "server.keytab"), users={**ACCOUNT, "svc-sfbmon": "hunter2"}, encryption="optional")
        basic = "Basic c3ZjLXNmYm1vbjpodW50ZXIy"
        for offered, good in ((["Negotiate"], "Negotiate"), (["Kerberos"], "Kerberos"), (["Basic", "Negotiate"], "Basic"), (["Basic"], "Basic")):
            simulator.set_listener("fe", {"authenticate": offered})
            anonymous = self.client(simulator, None)
            answer = anonymous.post()
            self.assertEqual(answer.status, 401)
            self.assertEqual(answer.headers.get_all("WWW-Authenticate"), [f'{one} realm="WSMAN"' if one == "Basic" else one for one in offered])
            self.assertEqual(anonymous.post(wire.create_shell(), authorization=basic).status, 200 if good == "Basic" else 401)
            for scheme in ("Negotiate", "Kerberos"):
                with wire.Client(simulator.url("fe"), self.ticket, scheme=scheme, mechanism=wire.KERBEROS) as client:
                    self.assertEqual(client.log_on().status, 200 if scheme in offered else 401, (offered, scheme))
        simulator.set_listener("fe", {"authenticate": ["Negotiate"], "mechanisms": ["kerberos"]})
        self.assertEqual(self.client(simulator, self.ntlm()).log_on().status, 401)

    def test_refusals_tell_the_log_why(self):
        realm = self.realm()
        simulator = self.front_end(keytab=str(realm.folder / "server.keytab"), users=ACCOUNT)

        def refused(credential, said):
            with wire.Client(simulator.url("fe"), credential) as client:
                answer = client.log_on()
                self.assertEqual((answer.status, answer.body), (401, b""))
                self.assertEqual(answer.headers.get_all("WWW-Authenticate"), ["Negotiate"])
            self.assertRegex(simulator.status()["last_logon"]["refused"], said)

        refused(self.ntlm("wrong"), ".")
        realm.new_key("HTTP/localhost")
        refused(wire.kerberos_credential(realm.kinit(CLIENT, "hunter2", self.folder / "later.ccache")), "kvno 2 not found in keytab")
        realm.keytab("server.keytab", "HTTP/localhost")  # beside the old one, while it runs
        self.assertEqual(self.client(simulator, wire.kerberos_credential(self.folder / "later.ccache")).log_on().status, 200)
        self.assertEqual(simulator.status()["logons_failed"], 2)

    def test_a_server_whose_clock_is_wrong(self):
        self.realm()
        wrong = logon_lab.clock("+10m")
        if wrong is None:
            lab.skip_part("faketime is not installed: no server with a wrong clock")
            return
        simulator = self.front_end(keytab=f"{self.folder}/kdc/server.keytab", environment=wrong)
        self.assertEqual(self.client(simulator, self.ticket).log_on().status, 401)
        self.assertIn("skew", simulator.status()["last_logon"]["refused"])
        simulator.set_listener("fe", {"error_tokens": True})
        with self.assertRaisesRegex(gssapi.exceptions.GSSError, "skew"):
            self.client(simulator, self.ticket, mechanism=wire.KERBEROS).log_on()

    def test_a_context_belongs_to_its_connection(self):
        self.realm()
        simulator = self.front_end(keytab=f"{self.folder}/kdc/server.keytab", closes={"behind": 2, "announced": True})
        client = self.client(simulator, self.ticket)
        client.log_on()
        self.asked(client)
        content_type, body = client.seal(wire.create_shell())
        answer = client.post(body, content_type)  # on a new connection
        self.assertEqual((answer.status, simulator.status()["violations"]), (401, 0))

    def test_plain_bodies_where_sealing_is_required(self):
        self.realm()
        simulator = self.front_end(keytab=f"{self.folder}/kdc/server.keytab")
        client = self.client(simulator, self.ticket)
        client.log_on()
        answer = client.post(wire.create_shell())
        self.assertEqual((answer.status, answer.body), (500, b""))
        self.asked(client)
        simulator.set_listener("fe", {"encryption": "optional"})
        self.assertEqual(client.post(wire.create_shell()).status, 200)

    def test_what_a_client_does_wrong(self):
        self.realm()
        simulator = self.front_end(violations=True, keytab=f"{self.folder}/kdc/server.keytab")

        def seal(change):
            with wire.Client(simulator.url("fe"), self.ticket) as client:
                client.log_on()
                before = simulator.status()["violations"]
                content_type, body = change(client, client.seal(wire.create_shell()))
                status = client.post(body, content_type).status
                self.assertGreater(simulator.status()["violations"], before)
                return status

        self.assertEqual(seal(lambda client, sealed: (sealed[0], re.sub(rb"Length=\d+", b"Length=1", sealed[1]))), 400)
        flipped = lambda body: body[:-30] + bytes([body[-30] ^ 1]) + body[-29:]
        self.assertEqual(seal(lambda client, sealed: (sealed[0], flipped(sealed[1]))), 400)
        self.assertEqual(seal(lambda client, sealed: (sealed[0], sealed[1].removesuffix(b"\r\n"))), 400)
        self.assertEqual(seal(lambda client, sealed: (sealed[0].replace("SPNEGO", "Kerberos"), sealed[1])), 200)
        self.assertEqual(seal(lambda client, sealed: (sealed[0], re.sub(rb"\n\t(Content|Original)", rb"\n\1", sealed[1]))), 200)

        def plainly(client, _):
            client.plainly = True
            return client.seal(wire.create_shell())

        self.assertEqual(seal(plainly), 400, "Windows reads Kerberos in IOV form only")


class Bindings(Acceptor):
    TLS = {"certificate": "pki/server.pem", "key": "pki/server.key"}

    def test_none_relaxed_strict(self):
        self.realm()
        simulator = self.front_end(keytab=f"{self.folder}/kdc/server.keytab", users=ACCOUNT, tls=self.TLS)
        right = wire.end_point(self.folder / "pki/server.pem")
        wrong = right[:-1] + bytes([right[-1] ^ 1])
        for mode, expected in (("none", (200, 200, 200)), ("relaxed", (200, 200, 401)), ("strict", (401, 200, 401))):
            simulator.set_listener("fe", {"channel_bindings": mode})
            for name, credential, mechanism in (("kerberos", self.ticket, wire.SPNEGO), ("ntlm", self.ntlm(), wire.NTLM), ("spnego ntlm", self.ntlm(), wire.SPNEGO)):
                for bindings, status in zip((None, right, wrong), expected):
                    with self.subTest(mode=mode, name=name, right=bindings == right), \
                         wire.Client(simulator.url("fe"), credential, mechanism=mechanism, bindings=bindings) as client:
                        self.assertEqual(client.log_on().status, status, simulator.log())
                        if status == 200:
                            self.assertEqual(client.post(wire.create_shell()).status, 200, "plain bodies go over https")
                            if mode != "none":
                                self.assertEqual(simulator.status()["last_logon"]["bound"], "true" if bindings else "false")

    def test_a_body_may_come_with_the_last_leg(self):
        self.realm()
        simulator = self.front_end(keytab=f"{self.folder}/kdc/server.keytab", tls=self.TLS)
        client = self.client(simulator, self.ticket)
        answer = client.post(wire.create_shell(), authorization=f"Negotiate {wire.base64.b64encode(client.context.step()).decode()}")
        self.assertEqual(answer.status, 200)
        client.context.step(client.token_of(answer))
        self.assertTrue(client.context.complete)

    def test_tls_ended_elsewhere(self):
        self.realm()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "other.key", "-out", "other.pem",
                        "-subj", "/CN=other"], cwd=self.folder, check=True, capture_output=True)
        simulator = self.front_end(keytab=f"{self.folder}/kdc/server.keytab", tls={**self.TLS, "bound": "other.pem"})
        client = self.client(simulator, self.ticket, bindings=wire.end_point(self.folder / "pki/server.pem"))
        self.assertEqual(client.log_on().status, 401)
        self.assertRegex(simulator.status()["last_logon"]["refused"], "(?i)channel bindings")

    def test_client_certificates(self):
        self.realm()
        simulator = self.front_end(keytab=f"{self.folder}/kdc/server.keytab", tls={**self.TLS, "client_certificate": "not_supported"})
        answer = self.client(simulator, None).post()
        self.assertEqual(answer.status, 500)
        self.assertIn("0x80070032", answer.text)
        simulator.set_listener("fe", {"tls": {"client_certificate": "reset"}})
        with self.assertRaises(ConnectionResetError):
            self.client(simulator, None).post()
        simulator.set_listener("fe", {"tls": {"client_certificate": "required"}})
        with self.assertRaisesRegex(wire.ssl.SSLError, "(?i)certificate.required"):
            self.client(simulator, None).post()


class Faults(Acceptor):
    def setUp(self):
        super().setUp()
        self.realm()
        self.fe = self.front_end(keytab=f"{self.folder}/kdc/server.keytab", users=ACCOUNT, authenticate=["Negotiate", "Kerberos"])

    def logged_on(self, **options):
        client = self.client(self.fe, options.pop("credential", self.ticket), **options)
        self.assertEqual(client.log_on().status, 200)
        return client

    def spoilt(self, act, **arguments):
        """An answer that this fault spoils."""
        self.fe.set_faults([{"do": act, "action": "Create", "times": 1, **arguments}])
        client = self.logged_on()
        answer = client.send_sealed()
        self.assertEqual(self.fe.status()["faults_done"].get(act, 0), 1)
        self.fe.reset_counters()
        return client, answer

    def test_replies_that_are_spoilt(self):
        _, answer = self.spoilt("seal_boundary")
        self.assertIn("Encrypted Boundary", answer.headers["Content-Type"])
        self.assertNotIn(b"Encrypted Boundary", answer.body)
        client, answer = self.spoilt("seal_length", by=5)
        length = int(re.search(rb"Length=(\d+)", answer.body)[1])
        answer.body = answer.body.replace(b"Length=%d" % length, b"Length=%d" % (length - 5))
        self.assertEqual(len(client.open(answer)[1]), length - 5)
        _, answer = self.spoilt("seal_signature", bytes=1000)
        self.assertIn(b"octet-stream\r\n\xe8\x03\0\0", answer.body)
        client, answer = self.spoilt("seal_tampered")
        with self.assertRaises(gssapi.exceptions.GSSError):
            client.open(answer)

    def test_a_reply_of_before(self):
        client = self.logged_on()
        first = client.send_sealed()
        client.open(first)
        self.fe.set_faults([{"do": "seal_replayed", "action": "Create", "times": 1}])
        second = client.send_sealed()
        self.assertEqual(first.body, second.body)
        with self.assertRaises(gssapi.exceptions.GSSError):
            client.open(second)

    def test_errors_of_the_server(self):
        client, answer = self.spoilt("fault", code=5)
        self.assertEqual(answer.status, 500)
        self.assertIn(b'Code="5"', client.open(answer)[1])
        _, answer = self.spoilt("fault", code=5, sealed=False)
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (500, "application/soap+xml;charset=UTF-8"))
        self.assertIn('Code="5"', answer.text)
        _, answer = self.spoilt("status", code=500)
        self.assertEqual((answer.status, answer.body), (500, b""))
        client, answer = self.spoilt("status", code=500, body="sealed", sealed=True)
        self.assertEqual(client.open(answer), ("type=text/html", b"sealed"))
        _, answer = self.spoilt("plain")
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "application/soap+xml;charset=UTF-8"))

    def test_a_401_in_mid_session(self):
        client, answer = self.spoilt("lapse")
        self.assertEqual((answer.status, answer.headers.get_all("WWW-Authenticate"), self.fe.status()["contexts"]), (401, ["Negotiate", "Kerberos"], 0))
        again = self.client(self.fe, self.ticket)
        again.connection = client.connection  # the same one, a new context
        self.assertEqual(again.log_on().status, 200)
        self.asked(again)

    def test_a_first_401_as_of_kernel_mode_authentication(self):
        self.fe.set_faults([{"do": "refuse", "times": 1}])
        client = self.client(self.fe, self.ticket)
        self.assertEqual(client.log_on().status, 401)
        client.context = self.client(self.fe, self.ticket).context
        self.assertEqual(client.log_on().status, 200)
        self.asked(client)

    def test_last_tokens(self):
        self.fe.set_faults([{"do": "no_last_token", "times": 1}])
        client = self.client(self.fe, self.ticket)
        self.assertEqual(client.log_on().status, 200)
        self.assertFalse(client.context.complete)
        self.fe.set_faults([{"do": "wrong_last_token", "times": 1}])
        with self.assertRaises(gssapi.exceptions.GSSError):
            self.client(self.fe, self.ticket).log_on()

    def test_trouble_in_mid_leg(self):
        self.fe.set_faults([{"do": "close", "action": "Leg", "times": 1}, {"do": "status", "code": 503, "action": "Logon", "nth": 2}])
        with self.assertRaises((ConnectionError, wire.http.client.HTTPException)):
            self.client(self.fe, self.ntlm()).log_on()
        self.assertEqual(self.client(self.fe, self.ntlm()).log_on().status, 503)
        self.assertEqual(self.client(self.fe, self.ntlm()).log_on().status, 200)

    def test_forms_of_replies(self):
        client = self.logged_on()
        for form, beginning, end in (({}, b"--Encrypted Boundary\r\n\tContent-Type", b"--Encrypted Boundary--\r\n"),
                                     ({"blank": True}, b"-- Encrypted Boundary\r\n\tContent-Type", b"-- Encrypted Boundary--\r\n"),
                                     ({"tab": False}, b"--Encrypted Boundary\r\nContent-Type", b"--Encrypted Boundary--\r\n"),
                                     ({"crlf": True}, b"--Encrypted Boundary\r\n\tContent-Type", b"--Encrypted Boundary--\r\n\r\n")):
            standard = {"blank": False, "tab": True, "crlf": False}
            self.fe.set_listener("fe", {"sealing": {**standard, **form}})
            answer = client.send_sealed()
            self.assertTrue(answer.body.startswith(beginning) and answer.body.endswith(end), answer.body)
            self.assertIn(b"ResourceCreated", client.open(answer)[1])

    def test_a_server_that_wraps_plainly(self):
        self.fe.set_listener("fe", {"sealing": {"plain_wrap": True}})
        client = self.logged_on(scheme="Kerberos", mechanism=wire.KERBEROS)
        with self.assertRaises(gssapi.exceptions.GSSError):
            client.open(client.send_sealed())
        client = self.logged_on(scheme="Kerberos", mechanism=wire.KERBEROS)
        answer = client.send_sealed()
        client.plainly = True
        self.assertIn(b"ResourceCreated", client.open(answer)[1])


class OtherClients(Acceptor):
    def test_curl(self):
        realm = self.realm()
        simulator = self.front_end(keytab=str(realm.folder / "server.keytab"))
        for url, status in ((simulator.url("fe").replace("127.0.0.1", "localhost"), "200"), (simulator.url("fe"), "401")):
            done = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--negotiate", "-u", ":", "-d", "", url],
                                  env=realm.environment(KRB5CCNAME=f"FILE:{realm.folder}/{CLIENT}.ccache"), capture_output=True, text=True,
                                  timeout=lab.WAIT, check=True)
            self.assertEqual(done.stdout, status, simulator.log())

    def test_python3_winrm_over_ntlm_sealed(self):
        simulator = self.front_end(users=ACCOUNT)
        # Its MD4 is OpenSSL's, in the legacy provider.
        (self.folder / "openssl.cnf").write_text(
            "openssl_conf = all\n[all]\nproviders = providers\n[providers]\ndefault = on\nlegacy = on\n[on]\nactivate = 1\n", encoding="utf-8")
        script = ("import sys, winrm\n"
                  "protocol = winrm.Protocol(sys.argv[1], transport='ntlm', username=r'LITWAREINC\\svc-sfbmon', password='hunter2')\n"
                  "shell = protocol.open_shell()\ncommand = protocol.run_command(shell, 'echo')\n"
                  "out, _, code = protocol.get_command_output(shell, command)\nprotocol.cleanup_command(shell, command)\n"
                  "protocol.close_shell(shell)\nprint(code, out.decode().strip())\n")
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", script, simulator.url("fe")], capture_output=True, text=True, timeout=lab.WAIT,
                              env={**os.environ, "OPENSSL_CONF": str(self.folder / "openssl.cnf")}, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, "0 simulated output\n"), done.stderr)
        status = simulator.status()
        self.assertEqual((status["sealed_requests"], status["requests"], status["logons_by_method"]), (5, 5, {"ntlm": 1}))
