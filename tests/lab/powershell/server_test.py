"""The lab's server under PSRP: sessions, module variants, every step of the example scenario that matters to the agent."""

import json
import tempfile
import unittest

import engine_lab
import lab
import probe
from probe import COMPLETED, FAILED, Probe, bodies

engine_lab.require()


def ask(server, pool, *more):
    return server.run("Get-CsBackupServiceStatus", [("PoolFqdn", f'<S N="V">{pool}.example.com</S>'), *more])


def state(messages):
    return bodies(messages, probe.PIPELINE_STATE)[-1]


class Sessions(unittest.TestCase):
    def test_language(self):
        for name, mode in (("full", "FullLanguage"), ("constrained", "ConstrainedLanguage")):
            with self.subTest(name), Probe([*lab.SERVER, *lab.session(name)]) as server:
                self.assertEqual(server.open(), "2")
                answer = server.run("[string]$ExecutionContext.SessionState.LanguageMode", script=True)
                self.assertIn(f"<S>{mode}</S>", bodies(answer, probe.OUTPUT))
                self.assertEqual(len(bodies(ask(server, "healthy"), probe.OUTPUT)), 1)

    def test_no_language(self):
        with Probe([*lab.SERVER, *lab.session("nolanguage")]) as server:
            self.assertEqual(server.open(), "2")
            self.assertEqual(len(bodies(ask(server, "healthy"), probe.OUTPUT)), 1)
            self.assertIn("ScriptsNotAllowed", state(server.run("1", script=True)))

    def test_a_broken_session_says_why(self):
        with Probe([*lab.SERVER, *lab.session("broken")]) as server:
            self.assertEqual(server.open(), "5")
            self.assertIn("NoSuchModule", bodies(server.messages, probe.POOL_STATE)[-1])

    def test_the_subsystem_of_sshd(self):
        with Probe([str(lab.PROGRAM), "-sshs", "-NoLogo", "-NoProfile"]) as server:
            self.assertEqual(server.open(), "2")
            self.assertEqual(server.close(), 160)

    def test_close(self):
        with Probe(lab.SERVER) as server:
            server.open()
            ask(server, "healthy")
            self.assertEqual(server.close(), 160)  # 0xFA0: what pwsh gives at the end of its input


class Modules(unittest.TestCase):
    def test_depth(self):
        for name, expected in (("plain", "<S>UserServices.PresenceFocus:[SteadyState,NormalState]</S>"), ("depth2", '<S N="Identity">UserServices.PresenceFocus</S>')):
            with self.subTest(name), Probe([*lab.SERVER, *lab.module(name)]) as server:
                server.open()
                self.assertIn(expected, bodies(ask(server, "healthy"), probe.OUTPUT)[0])

    def test_a_view_shows_on_the_server_only(self):
        with Probe([*lab.SERVER, *lab.module("view")]) as server:
            server.open()
            answer = server.run("Get-CsBackupServiceStatus -PoolFqdn healthy.example.com | Out-String -Width 80", script=True)
            text = bodies(answer, probe.OUTPUT)[0]
            self.assertRegex(text, r"Active machine +Export +Modules")
            self.assertRegex(text, r"fe1\.healthy\.example\.com +SteadyState +3")


class Cmdlet(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Probe(lab.SERVER))
        cls.server.open()

    def test_shapes_of_output(self):
        for pool, count in (("none", 0), ("null", 1), ("two", 2), ("rows", 3), ("text", 1), ("one", 1), ("no-module", 1), ("unknown-module", 1), ("huge", 1)):
            with self.subTest(pool):
                answer = ask(self.server, pool)
                self.assertIn(f'<I32 N="PipelineState">{COMPLETED}</I32>', state(answer))
                self.assertEqual(len(bodies(answer, probe.OUTPUT)), count)

    def test_states_and_category(self):
        self.assertIn("ConfServices.DataConf:[NonSteadyState,ErrorState]", bodies(ask(self.server, "failing"), probe.OUTPUT)[0])
        one = bodies(ask(self.server, "five", ("Category", '<S N="V">RGS</S>')), probe.OUTPUT)[0]
        self.assertEqual(one.count("<S>ApplicationServer.RGS"), 2)
        self.assertNotIn("UserServices", one)

    def test_force_hides_errors_that_do_not_end_the_cmdlet(self):
        answer = ask(self.server, "error")
        self.assertIn("BackupStoreUnavailable", bodies(answer, probe.ERROR)[0])
        forced = ask(self.server, "error", ("Force", '<B N="V">true</B>'))
        self.assertEqual((len(bodies(forced, probe.ERROR)), len(bodies(forced, probe.OUTPUT))), (0, 1))

    def test_terminating_errors(self):
        for pool, word in (("throw", "BackupServiceAccessDenied"), ("crash", "crashed"), ("status-throw", "BackupServiceClosed")):
            with self.subTest(pool):
                answer = ask(self.server, pool)
                self.assertIn(f'<I32 N="PipelineState">{FAILED}</I32>', state(answer))
                self.assertIn(word, state(answer))

    def test_an_unknown_pool_is_an_error(self):
        self.assertIn("PoolNotFound", bodies(ask(self.server, "nobody"), probe.ERROR)[0])

    def test_other_streams(self):
        answer = ask(self.server, "streams", ("Verbose", '<B N="V">true</B>'))
        self.assertEqual([len(bodies(answer, kind)) for kind in (probe.PROGRESS, probe.INFORMATION, probe.VERBOSE, probe.OUTPUT)], [1, 2, 1, 1])
        self.assertIn("One front end did not answer.", bodies(ask(self.server, "warning"), probe.WARNING)[0])


class Stop(unittest.TestCase):
    def test_it_is_heard(self):
        steps = {"pools": {"*": [{"do": "status"}, {"do": "sleep", "seconds": 600}]}}
        with tempfile.TemporaryDirectory() as folder, Probe([*lab.SERVER, *lab.scenario(folder, json.dumps(steps))]) as server:
            server.open()
            pid = server.start("Get-CsBackupServiceStatus", [("PoolFqdn", '<S N="V">a.example.com</S>')])
            while not bodies(server.messages, probe.OUTPUT):  # it runs
                server.read()
            # Ten minutes are not waited for; in rare cases the engine says Completed, not Stopped.
            self.assertIn(server.stop(pid), (probe.STOPPED, probe.COMPLETED))
            server.line(f"<Close PSGuid='{pid}' />")
            server.until(f"<CloseAck PSGuid='{pid}'")


class Death(unittest.TestCase):
    def test_at_each_point(self):
        for pool, status in (("exit-before", 3), ("exit-middle", 3), ("die-before", -9), ("die-middle", -9)):
            with self.subTest(pool), Probe(lab.SERVER) as server:
                server.open()
                self.assertRaises(EOFError, ask, server, pool)
                self.assertEqual(server.child.wait(30), status)

    def test_at_the_start(self):
        with tempfile.TemporaryDirectory() as folder:
            start = {"start": [{"do": "stderr", "text": "no such host"}, {"do": "exit", "status": 7}]}
            result = lab.run("-s", *lab.scenario(folder, json.dumps(start)))
        self.assertEqual((result.returncode, result.stdout, result.stderr), (7, "", "no such host\n"))


class Scenario(unittest.TestCase):
    def test_mistakes_are_named(self):
        for text, message in (
            ('{"pool": {}}', "unknown key 'pool': use pools or start"),
            ('{"pools": {"x": [{"do": "stats"}]}}', "pools, x, step 1: unknown step 'stats': use one of choice, "),
            ('{"pools": {"x": [{"do": "null"}, {"do": "status", "exprot": "x"}]}}', "pools, x, step 2 (status): unknown key 'exprot': it takes modules, export, "),
            ('{"pools": {"x": [{"do": "sleep", "seconds": "1"}]}}', None),  # values are read when the step is done
            ('{"start": [{"do": "status"}]}', "start, step 1: unknown step 'status': use one of die, exit, "),
            ('{"pools": {"x": {"do": "null"}}}', "pools, x: write a list of steps"),
            ("{", "Expected depth to be zero"),
        ):
            with self.subTest(text), tempfile.TemporaryDirectory() as folder:
                result = lab.run("-NoProfile", "-Command", "1", *lab.scenario(folder, text))
                if message is None:
                    self.assertEqual(result.returncode, 0, result.stderr)
                else:
                    self.assertEqual(result.returncode, 2)
                    self.assertIn(message, result.stderr)

    def test_a_value_of_the_wrong_kind_is_named_by_the_cmdlet(self):
        with tempfile.TemporaryDirectory() as folder:
            file = lab.scenario(folder, '{"pools": {"*": [{"do": "sleep", "seconds": "1"}]}}')
            with Probe([*lab.SERVER, *file]) as server:
                server.open()
                self.assertIn("pools, *, step 1 (sleep): 'seconds' is \"1\", write a number", state(ask(server, "any")))


if __name__ == "__main__":
    unittest.main()
