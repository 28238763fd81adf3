"""`discover`: the section `pools` and its differences, over winrm and over a program, against the simulator."""

import json
import signal
import subprocess
import unittest

import lab
from lab import LabTest

ATL, CHI = "atl.example.com", "chi.example.com"
USERS = {"svc-sfbmon": "hunter2", "EXAMPLE\\svc-ntlm": "hunter2"}
STORE = "Get-CsManagementStoreReplicationStatus -CentralManagementStoreStatus"
RELATION = "Get-CsPoolBackupRelationship -LocalStore"
SLOW = {"settings": {"evaluation_interval": "2m", "evaluation_timeout": "60s"}}
SECTION = f"""\
# The pools with a Backup Service, as a front end of their deployment knows them.
# All of them are reached through one endpoint here.
pools:
  - fqdn: {ATL}
    endpoint: "one"
    paired_pool: {CHI}
    site: "Atlanta"
    cms_master: true
  - fqdn: {CHI}
    endpoint: "one"
    paired_pool: {ATL}
    site: "Chicago \\"north\\""
"""


def relation(pool, partner):
    return {"objects": [{"Mine": pool, "Other": f"Registrar:{partner}", "Modules": ["UserData", "CMS"]}]}


def cmdlets(**changes):
    """What a front end of two paired pools knows; `changes` by the first words of the cmdlet's noun."""
    sites = {ATL: "Atlanta", CHI: 'Chicago "north"'}
    known = {
        "Get-CsService -UserServer": {"objects": [{"Identity": f"UserServer:{pool}", "PoolFqdn": pool, "SiteId": f"Site:{site}", "Version": 7}
                                                  for pool, site in sites.items()]},
        "Get-CsPool": {"objects": [{"Identity": pool, "Services": [f"Registrar:{pool}", f"UserServer:{pool}"], "Computers": [f"fe1.{pool}"],
                                    "Site": f"Site:{site}"} for pool, site in sites.items()]},
        STORE: {"objects": [{"ActiveMasterFqdn": f"fe1.{ATL}", "ActiveFileTransferAgents": [f"fe1.{ATL}"]}]},
        RELATION: {"pools": {ATL: relation(ATL, CHI), CHI: relation(CHI, ATL)}}}
    names = {"service": "Get-CsService -UserServer", "pool": "Get-CsPool", "store": STORE, "relation": RELATION}
    known.update({names[name]: answer for name, answer in changes.items()})
    return {name: answer for name, answer in known.items() if answer is not None}


class Discover(LabTest):
    def discover(self, *arguments, config="agent.yml"):
        return subprocess.run([lab.AGENT, "discover", f"--config.file={self.folder}/{config}", *arguments], capture_output=True, text=True,
                              timeout=lab.WAIT, check=False)

    def scenario(self, known=None, **listener):
        server = {**listener.pop("server", {}), "cmdlets": known if known is not None else cmdlets()}
        return {"listeners": [{"name": "one", "users": USERS, "server": server, **listener}], "pools": {ATL: {}, CHI: {}}}

    def configure_pair(self, url, **keys):
        """The configuration as `discover` would write it."""
        self.configure_winrm({"one": {"url": url, **keys}}, {ATL: "one", CHI: "one"}, **SLOW)
        settings = self.settings()
        settings["pools"][0].update(site="Atlanta", cms_master=True)
        settings["pools"][1].update(site='Chicago "north"')
        self.write(settings)

    def settings(self):
        return json.loads((self.folder / "agent.yml").read_text(encoding="utf-8"))

    def write(self, settings, name="agent.yml"):
        (self.folder / name).write_text(json.dumps(settings), encoding="utf-8")

    def test_the_section_and_its_differences(self):
        with self.simulator(self.scenario()) as simulator:
            self.configure_pair(simulator.url("one"))
            shown = self.discover("one")
            self.assertEqual((shown.returncode, shown.stdout), (0, SECTION), shown.stderr)
            self.assertIn(f"Get-CsPoolBackupRelationship -PoolFqdn {ATL} -LocalStore: 1 object\n", shown.stderr)
            self.assertEqual(self.discover().stdout, SECTION, "the only endpoint need not be named")
            equal = self.discover("--diff")
            self.assertEqual((equal.returncode, equal.stdout), (0, ""), equal.stderr)
            # What was written is the configuration that is equal to it.
            settings = {key: value for key, value in self.settings().items() if key != "pools"}
            (self.folder / "again.yml").write_text(json.dumps(settings) + "\n", encoding="utf-8")
            (self.folder / "pools.yml").write_text(shown.stdout, encoding="utf-8")
            again = self.discover("one", "--diff", f"--config.file={self.folder}/pools.yml", config="again.yml")
            self.assertEqual((again.returncode, again.stdout), (0, ""), again.stderr)
            settings = self.settings()
            settings["pools"][0].update(site="Elsewhere", cms_master=False, paired_pool="other.example.com")
            settings["pools"][1].update(fqdn="gone.example.com", paired_pool="else.example.com")
            self.write(settings)
            different = self.discover("one", "--diff")
            self.assertEqual(different.returncode, 1, different.stderr)
            self.assertEqual(different.stdout, f"{ATL}: paired_pool is other.example.com in the configuration, {CHI} on the server\n"
                             f'{ATL}: site is "Elsewhere" in the configuration, "Atlanta" on the server\n'
                             f"{ATL}: cms_master is false in the configuration, true on the server\n"
                             f"{CHI}: is on the server, paired with {ATL}, and not in the configuration\n"
                             "gone.example.com: is in the configuration and not on the server\n")
            self.wait_quiet(simulator)

    def test_other_deployments_are_not_compared(self):
        with self.simulator(self.scenario()) as simulator:
            self.configure_pair(simulator.url("one"))
            settings = self.settings()
            for pool in settings["pools"]:
                pool["deployment"] = "here"
            settings["endpoints"]["two"] = {"transport": "file", "path": "/srv/{pool}.clixml"}
            settings["pools"].append({"fqdn": "far.example.net", "endpoint": "two", "paired_pool": "off.example.net", "site": "x", "deployment": "there"})
            self.write(settings)
            self.assertEqual(self.discover("one", "--diff").returncode, 0)
            self.assertIn('    deployment: "here"\n', self.discover("one").stdout)

    def test_a_front_end_that_is_no_endpoint_yet(self):
        with self.simulator(self.scenario(authenticate=["Negotiate"], mechanisms=["ntlm"])) as simulator:
            self.write_secret("hunter2")
            account = {"method": "ntlm", "username": "EXAMPLE\\svc-ntlm", "password_file": "monitoring.password"}
            self.write({"credentials": {"first": account}})
            url = simulator.url("one")
            shown = self.discover("--url", url, "--credential", "first")
            self.assertEqual((shown.returncode, shown.stdout), (0, SECTION.replace('endpoint: "one"', 'endpoint: "front-end"')), shown.stderr)
            self.assertEqual(simulator.status()["logons_by_method"], {"ntlm": 1}, "one session for all questions")
            unknown = self.discover("--url", url, "--credential", "frist")
            self.assertEqual((unknown.returncode, unknown.stdout), (2, ""))
            self.assertTrue(unknown.stderr.startswith('--credential: there are no credentials "frist"'), unknown.stderr)
            account["method"] = "basic"
            self.write({"credentials": {"first": account}})
            readable = self.discover("--url", "http://fe.example.com", "--credential", "first")
            self.assertEqual((readable.returncode, readable.stdout), (2, ""))
            self.assertIn("write an endpoint and name it", readable.stderr)
            account["method"] = "ntlm"
            self.write({"credentials": {"first": account}})
            bad = self.discover("--url", "ftp://fe.example.com", "--credential", "first")
            self.assertEqual((bad.returncode, bad.stdout), (2, ""))
            self.assertTrue(bad.stderr.startswith("--url: "), bad.stderr)
            self.assertNotIn("discover-url", bad.stderr)
            compared = self.discover("--url", url, "--credential", "first", "--diff")
            self.assertEqual(compared.returncode, 2, "there is nothing to compare with")
            self.assertIn("no pool is configured", compared.stderr)
            self.wait_quiet(simulator)

    def test_over_a_program(self):
        for language in ("full", "constrained", "none"):
            with self.subTest(language=language):
                scenario = self.folder / "stdio.yml"
                scenario.write_text(json.dumps(self.scenario(server={"language": language})), encoding="utf-8")
                program = [str(lab.SIMULATOR), str(scenario), "--stdio"]
                self.write({"endpoints": {"one": {"transport": "ssh", "program": program}}, "global": SLOW["settings"]})
                shown = self.discover("one")
                self.assertEqual((shown.returncode, shown.stdout), (0, SECTION), shown.stderr)

    def test_one_failure_loses_nothing_of_the_others(self):
        # Change; words on stdout; exit of --diff.
        rows = ((cmdlets(store={"error": "The store\x1b[31m is away."}), [f"# {STORE}: The store?[31m is away.", f"paired_pool: {CHI}"], 2),
                (cmdlets(pool=None), ["# Get-CsPool: The term 'Get-CsPool' is not recognized", f"paired_pool: {CHI}"], 2),
                (cmdlets(service={"error": "No."}), ["# Get-CsService -UserServer: No.", "cms_master: true", 'site: "Atlanta"'], 0),
                (cmdlets(relation={"pools": {ATL: relation(ATL, CHI)}}), ["  # - fqdn: chi.example.com", f"paired_pool: {CHI}"], 2),
                (cmdlets(relation={"pools": {ATL: {"objects": []}, CHI: relation(CHI, ATL)}}), [f"-PoolFqdn {ATL} names no partner."], 1),
                (cmdlets(relation={"pools": {ATL: {"texts": [CHI]}, CHI: {"texts": [f"UserServer:{ATL}"]}}}), [f"paired_pool: {CHI}"], 0))
        with self.simulator(self.scenario()) as simulator:
            self.configure_pair(simulator.url("one"))
            for known, words, code in rows:
                with self.subTest(words=words):
                    simulator.set_listener("one", {"server": {"cmdlets": known}})
                    shown = self.discover("one")
                    self.assertEqual(shown.returncode, 0, shown.stderr)
                    for word in words:
                        self.assertIn(word, shown.stdout)
                    compared = self.discover("one", "--diff")
                    self.assertEqual(compared.returncode, code, compared.stdout + compared.stderr)
                    self.assertEqual(bool(compared.stdout), code == 1)
                    self.assertNotIn("\x1b", shown.stdout + shown.stderr + compared.stderr)
            self.wait_quiet(simulator)

    def test_a_question_that_does_not_arrive_loses_nothing_of_the_others(self):
        with self.simulator(self.scenario()) as simulator:
            self.configure_pair(simulator.url("one"))
            # The second question, then the first about a partner.
            for nth, pools, questions in ((2, [ATL, CHI], 5), (4, [], 4)):
                with self.subTest(nth=nth):
                    simulator.reset_counters()
                    simulator.set_faults([{"action": "Command", "nth": nth, "do": "status", "code": 400, "body": "no"}])
                    shown = self.discover("one")
                    self.assertEqual(shown.returncode, 2, shown.stderr)
                    self.assertIn("not every question was answered", shown.stderr)
                    self.assertEqual(shown.stderr.count("\nreason: "), 1, shown.stderr)
                    self.assertEqual([pool for pool in (ATL, CHI) if f"\n  - fqdn: {pool}\n" in shown.stdout], pools, shown.stdout)
                    self.assertIn('site: "Atlanta"', shown.stdout)
                    self.assertEqual(simulator.status()["requests_by_action"]["Command"], questions)
            self.wait_quiet(simulator)

    def test_which_front_end_was_asked(self):
        with self.simulator(self.scenario()) as simulator:
            self.configure_pair(["http://127.0.0.1:1", simulator.url("one")], allow_unencrypted=True)
            shown = self.discover("one")
            self.assertEqual((shown.returncode, shown.stdout), (0, SECTION), shown.stderr)
            self.assertRegex(shown.stderr, r"(?m)^not_reached +http://127\.0\.0\.1:1")
            self.assertEqual(len([line for line in shown.stderr.splitlines() if line.startswith("asked ")]), 1, shown.stderr)
            self.assertIn(simulator.url("one").split("/wsman")[0], shown.stderr)
            self.wait_quiet(simulator)

    def test_a_server_without_local_store(self):
        known = cmdlets(relation=None)
        known["Get-CsPoolBackupRelationship"] = {"pools": {ATL: relation(ATL, CHI), CHI: relation(CHI, ATL)}, "unknown_parameters": ["LocalStore"]}
        with self.simulator(self.scenario(known)) as simulator:
            self.configure_pair(simulator.url("one"))
            shown = self.discover("one")
            self.assertEqual((shown.returncode, shown.stdout), (0, SECTION), shown.stderr)
            self.assertEqual(shown.stderr.count("-LocalStore"), 1, "it is not tried again")

    def test_what_cannot_be_asked(self):
        with self.simulator(self.scenario(users={"svc-sfbmon": "other"})) as simulator:
            self.configure_pair(simulator.url("one"))
            for arguments in ((), ("--diff",)):
                refused = self.discover("one", *arguments)
                self.assertEqual((refused.returncode, refused.stdout), (2, ""), refused.stderr)
                self.assertIn("reason: auth (auth.refused)", refused.stderr)
                self.assertIn("remedy: ", refused.stderr)
            self.assertEqual(simulator.status()["logons_failed"], 2, "a wrong password is told once")
        closed = self.discover("one", "--diff")
        self.assertEqual(closed.returncode, 2)
        self.assertIn("reason: connect (connect.refused)", closed.stderr)
        self.assertEqual(closed.stderr.count("connection refused"), 1, closed.stderr)
        self.assertTrue(closed.stderr.endswith("no question was answered\n"), closed.stderr)
        with self.simulator(self.scenario({})) as simulator:
            self.configure_pair(simulator.url("one"))
            unknown = self.discover("one")
            self.assertEqual((unknown.returncode, unknown.stdout), (2, ""))
            self.assertIn("reason: cmdlet (cmdlet.not_found)", unknown.stderr)
            self.assertIn("the front end names no pool with users", unknown.stderr)

    def test_wrong_usage(self):
        self.configure_winrm({"one": {"url": "https://fe.example.com"}, "two": {"url": "https://fe2.example.com"}}, {ATL: "one", CHI: "two"})
        settings = self.settings()
        settings["endpoints"]["drop"] = {"transport": "file", "path": "/srv/{pool}.clixml"}
        settings["pools"].append({"fqdn": "x.example.com", "endpoint": "drop", "paired_pool": "y.example.com", "site": "x"})
        self.write(settings)
        for arguments, words in ((("onne",), "endpoint \"onne\" is not configured: did you mean one"),
                                 (("drop",), "endpoint drop reads files, which answer no questions; name an endpoint of transport winrm or ssh"),
                                 ((), "2 endpoints can be asked: name one"),
                                 (("--url", "https://fe.example.com"), "--url requires --credential"),
                                 (("--credential", "monitoring"), "--credential requires --url"),
                                 (("--url", "", "--credential", "monitoring"), "--url: is empty"),
                                 (("one", "--url", "https://fe.example.com", "--credential", "monitoring"), "excludes"),
                                 (("one", "two"), "two")):
            with self.subTest(arguments=arguments):
                shown = self.discover(*arguments)
                self.assertEqual((shown.returncode, shown.stdout), (2, ""), shown.stderr)
                self.assertIn(words, shown.stderr)
        helped = subprocess.run([lab.AGENT, "discover", "--help"], capture_output=True, text=True, check=False)
        self.assertEqual((helped.returncode, helped.stderr), (0, ""))
        for flag in ("--config.file", "--url", "--credential", "--diff", "--debug", "ENDPOINT"):
            self.assertIn(flag, helped.stdout)
        self.assertEqual(self.discover("one", config="none.yml").returncode, 2)

    def test_a_signal_leaves_nothing(self):
        known = cmdlets()
        known["Get-CsPool"]["slow"] = "60s"
        with self.simulator(self.scenario(known)) as simulator:
            self.configure_pair(simulator.url("one"))
            command = [lab.AGENT, "discover", f"--config.file={self.folder}/agent.yml", "one"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
                self.wait(lambda: simulator.status()["runs_by_cmdlet"].get("Get-CsPool"), "the second question")
                process.send_signal(signal.SIGINT)
                said, told = process.communicate(timeout=lab.WAIT)
            self.assertEqual((process.returncode, said), (2, ""), told)
            self.assertIn("interrupted", told)
            self.wait_quiet(simulator)


if __name__ == "__main__":
    unittest.main(verbosity=2)
