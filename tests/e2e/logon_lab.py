"""What the tests of Kerberos and NTLM share: a realm, front ends that accept it, and the agent's configuration for them, a line each.

    class Some(LogonTest):
        def test_it(self):
            realm = self.realm()
            with self.front_end(realm) as servers:
                self.configure_logon(servers, realm, method="kerberos")
                with self.agent() as agent:
                    self.wait_up(agent)
                    self.assertEqual(servers.status()["last_logon"]["method"], "kerberos")
"""

import json
import os
import pathlib
import subprocess
import urllib.parse

import kdc
import lab

CLIENT, PASSWORD, DOMAIN = "svc-sfbmon", "hunter2", "LITWAREINC"
NTLM_USERS = {rf"{DOMAIN}\{CLIENT}": PASSWORD}
TLS = {"tls": {"certificate": "pki/server.pem", "key": "pki/server.key"}}
FAKETIME = pathlib.Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


def clock(offset):
    """The environment of a program whose clock goes wrong by that much, such as `+10m`. None: faketime is not installed."""
    return {"LD_PRELOAD": str(FAKETIME), "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"} if FAKETIME.exists() else None


class LogonTest(lab.LabTest):
    # Nobody knows a realm but by the agent's own configuration.
    def setUp(self):
        super().setUp()
        self.nowhere = {"KRB5_CONFIG": str(self.folder / "no-krb5.conf"), "KRB5CCNAME": f"FILE:{self.folder}/no.ccache",
                        "KRB5RCACHENAME": f"file2:{self.folder}/rcache", "KRB5_KTNAME": f"FILE:{self.folder}/no.keytab"}

    def realm(self, service="HTTP/localhost", **options):
        """MIT's KDC with the account and the front ends' service, whose keytab is `server.keytab` in its folder. It ends with the test."""
        realm = self.enterContext(kdc.Kdc(self.folder, **options))
        realm.add(CLIENT, PASSWORD)
        realm.service(service)
        return realm

    def front_end(self, realm=None, names=("fe",), faults=(), pools=None, environment=None, **listener):
        """Simulated front ends with that realm's keytab: Negotiate, sealed as Windows demands it. `realm` None: NTLM alone. For each
        name a pool NAME.example.com."""
        keys = {"authenticate": ["Negotiate"], "encryption": "required",
                **({"keytab": str(realm.folder / "server.keytab")} if realm else {"users": NTLM_USERS}), **listener}
        scenario = {"listeners": [{"name": name, **keys} for name in names], "faults": list(faults),
                    "pools": pools if pools is not None else {f"{name}.example.com": {} for name in names},
                    **({"certificate": {"make": "pki", "names": ["localhost"]}} if "tls" in listener else {})}
        return self.simulator(scenario, environment={**self.nowhere, **(environment or {})})

    def agent(self, *arguments, environment=None, **options):
        return super().agent(*arguments, environment={**self.nowhere, **(environment or {})}, **options)

    def credential(self, realm, method="kerberos", **keys):
        """One of the agent's credentials. Without `password_file`, `keytab_file` or `ccache` it is the account's password."""
        known = {"realm": realm.realm, "kdcs": [realm.address]} if realm and method in ("kerberos", "negotiate") else {}
        by = {} if {"password_file", "keytab_file", "ccache"} & keys.keys() else {"password_file": "monitoring.password"}
        name = rf"{DOMAIN}\{CLIENT}" if method == "ntlm" else CLIENT
        found = {"method": method, "username": name, **known, **by, **keys}
        return {key: str(value) if isinstance(value, pathlib.Path) else value for key, value in found.items() if value is not None}

    def configure_logon(self, simulator, realm=None, method="kerberos", names=("fe",), endpoint=None, password=PASSWORD, settings=None,
                        **credential):
        """agent.yml: an endpoint and a pool for each of the front ends, all with that credential. A key None is left out."""
        one = (self.credential(realm, method, **credential), endpoint or {})
        self.configure_logons(simulator, {name: one for name in names}, password, settings)

    def configure_logons(self, simulator, rows, password=PASSWORD, settings=None, pools=None):
        """agent.yml: {front end: (credential, further keys of its endpoint)}, each credential of its own name; a pool for each, or `pools`."""
        urls = {name: f"{(url := urllib.parse.urlsplit(simulator.url(name))).scheme}://localhost:{url.port}/wsman" for name in rows}
        trust = {"tls": {"ca_file": "pki/ca.pem"}}
        self.configure_winrm({name: {"url": url, **(trust if url.startswith("https") else {}), **rows[name][1]} for name, url in urls.items()},
                             pools or {f"{name}.example.com": name for name in rows}, password=password, settings=settings or {})
        path = self.folder / "agent.yml"
        config = json.loads(path.read_text(encoding="utf-8"))
        accounts = []
        for name, (credential, _) in rows.items():
            accounts += [] if credential in accounts else [credential]
            config["endpoints"][name]["credentials"] = f"account-{accounts.index(credential)}"
            if credential["method"] != "basic" and "allow_unencrypted" not in rows[name][1]:
                config["endpoints"][name].pop("allow_unencrypted", None)
        config["credentials"] = {f"account-{i}": credential for i, credential in enumerate(accounts)}
        path.write_text(json.dumps(config, indent=1), encoding="utf-8")

    def evaluate(self, name="fe", environment=None):
        """The command of that name for the pool of a front end: what it prints, and its exit status."""
        return subprocess.run([lab.AGENT, "evaluate", f"--config.file={self.folder}/agent.yml", f"{name}.example.com"], capture_output=True, text=True,
                              env={**os.environ, **self.nowhere, **(environment or {})}, timeout=60, check=False)

    def up(self, agent):
        """{pool: 1 or 0}."""
        return agent.by_pool("sfb_backup_up")

    def wait_up(self, agent):
        self.wait(agent.ready, lambda: f"ready\n{agent.log()[-3000:]}")
        self.wait(lambda: all(self.up(agent).values()), lambda: f"all pools to be up: {self.up(agent)}\n{agent.log()[-3000:]}")

    def failure(self, agent, pool="fe.example.com"):
        """The problem document of a query that fails: reason, code, detail."""
        answer = agent.query(pool, **{"as": "json"})
        self.assertNotEqual(answer.status, 200, answer.text)
        return answer.json()

    def wait_failure(self, agent, code, pool="fe.example.com"):
        """The document once it has this code."""
        return self.wait(lambda: (found := agent.query(pool, **{"as": "json"})).status != 200 and found.json()["code"] == code and found.json(),
                         lambda: f"{code} of {pool}\n{agent.log()[-3000:]}")
