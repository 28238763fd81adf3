"""What leak_test.py demands, with Kerberos and NTLM: no shell, context, connection or descriptor is left, a thousand evaluations per method."""

import signal
import time

import kdc
import lab
import leak_test
import logon_lab


def setUpModule():
    if lost := kdc.missing():
        lab.skip_module(f"not installed: {', '.join(lost)} (deploy/packages test)")


NTLM = {"users": logon_lab.NTLM_USERS}


class LogonLeaks(leak_test.Leaks, logon_lab.LogonTest):
    # A server that ends its connections makes many contexts.
    CLOSES = {"closes": {"behind": 20}}
    # name -> (listener, endpoint); a name begins with its method
    SITES = {"kerberos-http": ({"encryption": "required"}, {}),
             "kerberos-https": ({**leak_test.SECURE, **CLOSES, "channel_bindings": "strict"}, {**leak_test.TRUST, "max_concurrent": 3}),
             "negotiate-http": ({"encryption": "required", **CLOSES}, {"session": {"reuse": False}}),
             "negotiate-plainly": ({"encryption": "required", "authenticate": ["Kerberos"], "sealing": {"plain_wrap": True}}, {}),
             "ntlm-http": ({"encryption": "required", **NTLM, "keytab": None, **CLOSES}, {}),
             "ntlm-https": ({**leak_test.SECURE, **NTLM, "keytab": None, "channel_bindings": "strict"}, leak_test.TRUST)}
    EVALUATIONS = 3000
    test_evaluate_that_is_interrupted = None  # leak_test.py's own

    def setUp(self):
        super().setUp()
        self.lab_realm = self.realm()

    def scenario(self, server=None):
        standard = {"authenticate": ["Negotiate"], "keytab": str(self.lab_realm.folder / "server.keytab")}
        scenario = super().scenario(server or {"idle_timeout": "3s"})
        scenario["certificate"]["names"] = ["localhost"]
        scenario["listeners"] = [{"name": site, **{key: value for key, value in {**standard, **listener}.items() if value is not None}}
                                 for site, (listener, _) in self.SITES.items()]
        return scenario

    def simulator(self, scenario, **options):
        return super().simulator(scenario, **{"environment": self.nowhere, **options})

    def configure_sites(self, simulator, sites=None, **more):
        sites = sites or tuple(self.SITES)
        self.configure_logons(simulator, {site: (self.credential(self.lab_realm, site.split("-")[0]), {**self.SITES[site][1], **more}) for site in sites},
                              pools={leak_test.fqdn(site, i): site for site in sites for i in range(leak_test.POOLS_EACH)})

    def storm(self):
        """The common faults, and those of logons and sealed answers; a refusal of the account would end the storm."""
        sealed = [{"action": action, "do": do} for action in ("Create", "Receive", "Command") for do in
                  ("seal_boundary", "seal_length", "seal_signature", "seal_tampered", "seal_replayed", "plain")]
        logons = [{"action": action, "do": do} for action in ("Logon", "Leg") for do in ("hang", "reset", "close")]
        logons += [{"do": "no_last_token"}, {"do": "wrong_last_token"}, {"action": "Logon", "do": "delay", "time": "1500ms"}]
        # A certain fault of each kind, so that none is left to chance; a 401 twice in a row would be a refusal.
        certain = [{**fault, "nth": 3} for fault in (*sealed, *logons)]
        certain += [{"action": "Receive", "do": "lapse", "nth": 3, "listener": site} for site in self.SITES]
        return [*certain, *({**fault, "probability": 0.006} for fault in (*sealed, *logons)), *super().storm()]

    def settle(self):
        """A Delete whose logon fails clears nothing: the server forgets such a shell by itself."""
        time.sleep(4)

    def test_ends_in_mid_leg(self):
        """SIGTERM and SIGKILL while a server keeps a token, or a KDC an answer."""
        with self.simulator(self.scenario({"idle_timeout": "2s"})) as simulator, kdc.KdcProxy(self.folder, silent=True) as silent:
            for realm, hanging in ((self.lab_realm, "Logon"), (self.lab_realm, "Leg"), (silent, None)):
                for number, status in ((signal.SIGTERM, 0), (signal.SIGKILL, -9)):
                    with self.subTest(hanging=hanging, signal=number):
                        simulator.set_faults([{"do": "hang", "action": hanging}] if hanging else [])
                        simulator.reset_counters()
                        self.configure_logons(simulator, {"kerberos-http": (self.credential(realm), {}), "ntlm-http": (self.credential(None, "ntlm"), {})})
                        with self.agent() as agent:
                            asked = lambda: sum(silent.asked.values()) if hanging is None else simulator.status()["faults_done"].get("hang", 0)
                            before = asked() if hanging is None else 0
                            self.wait(lambda: asked() > before, "somebody to be kept waiting")
                            agent.signal(number)
                            self.assertEqual(agent.process.wait(lab.WAIT), status, agent.log())
                        self.wait_quiet(simulator)
                        self.assertEqual(simulator.status()["contexts"], 0)
