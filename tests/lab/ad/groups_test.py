"""Names of groups become SIDs by a real global catalog, over Kerberos and sealed: in the room alone, and behind the agent's door."""

import contextlib
import json
import pathlib
import signal
import socket
import subprocess
import threading

import callers_test  # this folder's: before `ad`, which puts tests/e2e first, where another one lies
import ad
import lab

GROUPS = lab.BUILD / "tests/lab/ad/lab_groups"
HOST = "dc1.litwareinc.com"
UNIVERSAL, DISTRIBUTION = "-2147483640", "8"


def setUpModule():
    if reason := ad.why_not_ldap():
        lab.skip_module(reason)


class Relay:
    """Hands bytes on to that address and keeps all of them; `at`: where it listens. Use as a context manager."""

    def __init__(self, address, port, at=None):
        self.seen, self.behind = b"", (address, port)
        self.listener = socket.create_server(at or (address, 0))
        self.port = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self._serve)]

    def __enter__(self):
        self.threads[0].start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # ends the wait for a caller who did not come
        for thread in self.threads:
            thread.join()

    def _serve(self):
        """One connection, both ways, until each side has ended."""
        with self.listener:
            try:
                here = self.listener.accept()[0]
            except OSError:
                return
        with here, socket.create_connection(self.behind) as there:
            back = threading.Thread(target=self._pump, args=(there, here))
            back.start()
            self._pump(here, there)
            back.join()

    def _pump(self, source, target):
        while data := source.recv(65536):
            self.seen += data
            target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


class Groups(lab.LabTest):
    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(lab.tempfile.mkdtemp(prefix="sfb-ad-"))
        cls.addClassCleanup(lab.shutil.rmtree, cls.home, ignore_errors=True)
        # As Server 2025 does by itself: a login that neither signs nor seals is refused.
        cls.ad = cls.enterClassContext(ad.Directory(cls.home, options={"ldap server require strong auth": "yes"}))

    def ask(self, *names, servers=f"{HOST}:3268", password=ad.PASSWORD, account="svc-sfbmon", directory=None, hosts=None):
        """{name: what is known of it}. `hosts`: addresses of servers by name."""
        directory = directory or self.ad
        named = directory.named(self.folder)
        if hosts:
            pathlib.Path(named["NSS_WRAPPER_HOSTS"]).write_text("".join(f"{address} {name}\n" for name, address in hosts.items()), encoding="ascii")
        run = subprocess.run([GROUPS, f"{account}@{ad.REALM}", password, servers, *names], env={**directory.environment(), **named},
                             capture_output=True, text=True, timeout=120, check=False)
        self.assertLess(run.returncode, 2, run.stderr)
        return dict(line.split("\t", 1) for line in run.stdout.splitlines())

    def sid(self, name):
        return self.ad.populate("sid", name).strip()

    def test_names_become_sids(self):
        self.ad.populate("group", "mail only", DISTRIBUTION)
        self.ad.populate("group", "odd (name) \u00e4", UNIVERSAL)
        admins, local = self.sid("RTCUniversalServerAdmins"), self.sid("SfbLocal")
        odd = self.sid("odd \\28name\\29 \u00e4")
        universal = f"{admins} universal litwareinc.com"
        rows = {
            "RTCUniversalServerAdmins": universal,
            "rtcuniversalserveradmins": universal,
            r"LITWAREINC\RTCUniversalServerAdmins": universal,
            r"litwareinc\RTCUniversalServerAdmins": universal,
            "RTCUniversalServerAdmins@litwareinc.com": universal,
            r"LitwareInc.com\RTCUniversalServerAdmins": universal,
            r"OTHER\RTCUniversalServerAdmins": "directory.domain_unknown",
            "RTCUniversalServerAdmins@other.com": "directory.group_unknown",
            "SfbLocal": f"{local} domain local litwareinc.com",
            "Domain Admins": f"{self.sid('Domain Admins')} global litwareinc.com",
            "Administrators": "S-1-5-32-544 built-in local litwareinc.com",
            "odd (name) \u00e4": f"{odd} universal litwareinc.com",
            "mail only": "directory.group_distribution",
            # Nothing of a name is part of the filter, and an account is no group.
            "*": "directory.group_unknown",
            "x)(|(objectClass=*)": "directory.group_unknown",
            "alice": "directory.group_unknown",
            "nobody of that name": "directory.group_unknown",
            "a\\b\\c": "directory.group_name"}
        found = self.ask(*rows)
        self.assertEqual(found.pop("server"), f"{HOST}:3268")
        self.assertEqual(found, rows)

    def test_nothing_is_read_on_the_way(self):
        with Relay(self.ad.address, 3268) as relay:
            self.assertIn("universal", self.ask("CSAdministrator", servers=f"{HOST}:{relay.port}")["CSAdministrator"])
        self.assertIn(b"GSSAPI", relay.seen)
        for clear in (b"CSAdministrator", b"sAMAccountName", b"objectSid"):
            self.assertNotIn(clear, relay.seen)

    def test_the_next_server_is_asked(self):
        found = self.ask("CSAdministrator", servers=f"nowhere.invalid:3268,{HOST}:3267,{HOST}:3268")
        self.assertIn("universal", found["CSAdministrator"])
        self.assertEqual((found["server"], found["passed over"]), (f"{HOST}:3268", "directory.connect"))

    def test_port_389_closed_costs_short_names_alone(self):
        short, long = r"LITWAREINC\CSAdministrator", "CSAdministrator@litwareinc.com"
        closed = ad.free_address()
        with Relay(self.ad.address, 3268, at=(closed, 3268)):
            found = self.ask("CSAdministrator", short, long, hosts={HOST: closed})
        self.assertEqual(found.pop("server"), f"{HOST}:3268")
        self.assertEqual(found.pop(short), "directory.connect")
        self.assertEqual([line.split()[1] for line in found.values()], ["universal", "universal"], found)
        # The next server says what the first one could not.
        with Relay(self.ad.address, 3268, at=(closed, 3268)):
            found = self.ask("CSAdministrator", short, servers=f"{HOST}:3268,localhost:3268", hosts={HOST: closed, "localhost": self.ad.address})
        self.assertEqual(found.pop("server"), f"{HOST}:3268")
        self.assertEqual(found[short], found["CSAdministrator"])
        self.assertEqual(set(found), {"CSAdministrator", short})

    def test_a_server_that_refuses_the_ticket_is_passed_over(self):
        # Its key is another account's: the KDC took ours all the same.
        self.ad.set("fe-aes", "servicePrincipalName", "HTTP/aes.litwareinc.com", "ldap/aes.litwareinc.com")
        found = self.ask("CSAdministrator", servers=f"aes.litwareinc.com:3268,{HOST}:3268",
                         hosts={name: self.ad.address for name in ("aes.litwareinc.com", HOST)})
        self.assertEqual((found.get("passed over"), found.get("server")), ("directory.refused", f"{HOST}:3268"), found)
        self.assertIn("universal", found["CSAdministrator"])

    def test_a_port_without_the_catalog_is_told(self):
        found = self.ask("CSAdministrator", servers=f"{HOST}:389")
        self.assertRegex(found.get("failed", "") + found.get("CSAdministrator", ""), "directory.(search|group_unknown)")

    def test_logins_that_are_refused(self):
        before = self.ad.bad_passwords("wrong-password")
        found = self.ask("CSAdministrator", servers=f"{HOST}:3268,{HOST}:3268", account="wrong-password", password="Wrong-1")
        self.assertIn("auth.refused", found["failed"])
        self.assertEqual(self.ad.bad_passwords("wrong-password"), before + 1, "an account that is refused is not tried at the next server")
        self.assertIn("auth.account_locked", self.ask("CSAdministrator", account="disabled")["failed"])
        self.assertIn("auth.spn_unknown", self.ask("CSAdministrator", servers=f"{self.ad.address}:3268")["failed"])

    def test_a_directory_that_is_down(self):
        with ad.Directory(self.folder) as directory:
            directory.stop()
            self.assertIn("directory.connect", self.ask("CSAdministrator", directory=directory)["failed"])
            directory.start()
            self.assertIn("universal", self.ask("CSAdministrator", directory=directory)["CSAdministrator"])


class Weak(lab.LabTest):
    ask = Groups.ask

    def test_rc4_seals_too_weakly(self):
        with ad.Directory(self.folder) as directory:
            directory.set("DC1$", "msDS-SupportedEncryptionTypes", "4")
            conf = pathlib.Path(directory.folder / "krb5.conf")
            conf.write_text(conf.read_text(encoding="utf-8").replace("[libdefaults]", "[libdefaults]\n  permitted_enctypes = arcfour-hmac\n  allow_rc4 = true"),
                            encoding="utf-8")
            self.assertIn("directory.unsealed", self.ask("CSAdministrator", directory=directory)["failed"])


class ByName(lab.LabTest):
    """The agent's door, where groups are given by name and the directory knows their SIDs."""

    POOL, QUERY = callers_test.Door.POOL, callers_test.Door.QUERY
    ask, log_on = callers_test.Door.ask, callers_test.Door.log_on
    assertAllowed, assertRefused = callers_test.Door.assertAllowed, callers_test.Door.assertRefused

    def door(self, *groups):
        """The agent; members of these groups (names) may ask, and those of RTCUniversalServerAdmins."""
        self.write_secret(ad.PASSWORD)
        account = {"method": "kerberos", "username": "svc-sfbmon", "realm": ad.REALM, "kdcs": [self.ad.address], "password_file": "monitoring.password"}
        rules = {"negotiate": {"keytab_file": str(self.keys)}, "authorized_universal_groups": list(groups),
                 "directory": {"servers": [f"{HOST}:3268"], "credentials": "monitoring"}}
        sections = {"authorization": rules, "credentials": {"monitoring": account}}
        self.configure(authorization="\n".join(f"{name}: {json.dumps(keys)}" for name, keys in sections.items()))
        self.drop_status(self.POOL)
        return self.agent(f"--storage.path={self.folder}/state", environment={"KRB5_CONFIG": str(self.folder / "no-krb5.conf"), **self.ad.named(self.folder)})

    @contextlib.contextmanager
    def failing_door(self, *groups):
        """The same, after its first look-up, which fails."""
        with self.door(*groups) as agent:
            self.wait(lambda: agent.ready() and self.lookups(agent)["failed"], lambda: f"the first look-up\n{agent.log()[-3000:]}")
            yield agent

    def lookups(self, agent):
        found = agent.series("sfb_backup_exporter_group_lookups_total")
        return {dict(labels)["outcome"]: int(count) for labels, count in found.items()}

    def reload(self, agent, *groups, outcome="good"):
        """With these names; waits for the look-up."""
        self.door(*groups)
        before = self.lookups(agent)[outcome]
        agent.signal(signal.SIGHUP)
        self.wait(lambda: self.lookups(agent)[outcome] > before, lambda: f"a look-up that is {outcome}\n{agent.log()[-3000:]}")
        return agent.value("sfb_backup_exporter_groups_unresolved")

    def test_names_admit(self):
        self.ad = self.enterContext(ad.Directory(self.folder))
        self.keys = self.ad.keytab("door.keytab", "HTTP/localhost")
        alice = self.log_on("alice")
        with self.door() as agent:
            self.wait(lambda: agent.ready() and self.lookups(agent)["good"], lambda: f"the first look-up\n{agent.log()[-3000:]}")
            self.assertAllowed(self.ask(agent, alice))
            self.assertRefused(self.ask(agent, self.log_on("carol")), 403, "access.groups")
            # A name that the directory does not know, and then does.
            self.assertEqual(self.reload(agent, "Later"), 1)
            self.wait(lambda: "directory.group_unknown" in agent.log(), lambda: f"the line in the log\n{agent.log()[-3000:]}")
            self.ad.populate("group", "Later", UNIVERSAL)
            self.ad.populate("member", "Later", "carol")
            carol = self.log_on("carol", "-later")
            self.assertRefused(self.ask(agent, carol), 403, "access.groups")
            self.assertEqual(self.reload(agent, r"LITWAREINC\Later"), 0)
            self.assertAllowed(self.ask(agent, carol))
            # Down: what is known stays, what is new grants nothing.
            bob = self.log_on("bob")
            self.ad.kvno("HTTP/localhost", bob)
            self.ad.stop()
            self.assertEqual(self.reload(agent, "TierZero", r"LITWAREINC\Later", outcome="failed"), 1)
            self.assertAllowed(self.ask(agent, alice))
            self.assertAllowed(self.ask(agent, carol))
            self.wait(lambda: "the directory does not answer" in agent.log(), lambda: f"the line in the log\n{agent.log()[-3000:]}")
            self.ad.start()
            self.assertEqual(self.reload(agent, "TierZero", r"LITWAREINC\Later"), 0)
            self.wait(lambda: "the directory answers again" in agent.log(), lambda: f"the line in the log\n{agent.log()[-3000:]}")
            # Renamed: its name grants nothing any more.
            self.ad.populate("rename", "Later", "Sooner")
            self.assertEqual(self.reload(agent, r"LITWAREINC\Later"), 1)
            self.assertRefused(self.ask(agent, carol), 403, "access.groups")
            self.assertAllowed(self.ask(agent, bob))
            self.assertNotIn(ad.PASSWORD, agent.log())
        # Down at the start: what an earlier process found still counts, what is new grants nothing.
        self.ad.stop()
        with self.failing_door("Sooner") as agent:
            self.assertIn("SIDs of groups are those of before the start until the directory answers", agent.log())
            self.assertAllowed(self.ask(agent, alice))
            self.assertRefused(self.ask(agent, carol), 403, "access.groups")
            self.assertEqual(agent.value("sfb_backup_exporter_groups_unresolved"), 1)
            self.ad.start()
            self.assertEqual(self.reload(agent, "Sooner"), 0)
            self.assertAllowed(self.ask(agent, carol))
            self.ad.stop()
        # Without what was kept, the start knows nothing.
        (self.folder / "state").rename(self.folder / "state.of-before")
        with self.failing_door() as agent:
            self.assertRefused(self.ask(agent, alice), 403, "access.groups")
            self.ad.start()
            self.assertEqual(self.reload(agent), 0)
            self.assertAllowed(self.ask(agent, alice))
