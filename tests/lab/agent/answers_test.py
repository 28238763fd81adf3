"""The agent asks Microsoft's engine by transport ssh: what it makes of each kind of answer, in every form."""

import unittest

import engine
import expected


def setUpModule():
    engine.need_lab()


class Answers(engine.EngineTest):
    def test_every_good_answer(self):
        self.configure_engine({"full": {}}, {"full": list(expected.GOOD)})
        with self.agent() as agent:
            texts = {name: expected.check_good(self, agent, name, "full").text for name in expected.GOOD}
            self.assertEqual(len(self.children(agent)), 1, "one process for all of them")
            self.assert_no_zombies(agent)
            self.assertIn("WARNING: One front end did not answer.", texts["warning"])
            self.assertIn("The backup store cannot be read.", texts["error"])
            self.assertNotIn("BackupStoreUnavailable", self.ask(agent, "error.full", Force="true").text)
            for name in ("streams", "warning"):
                for silent in ("asking fe1", "a detail", "written to the host", "Reading pool"):
                    self.assertNotIn(silent, texts[name])
            cms = self.ask(agent, "healthy.full", Category="CMS", BypassDualWrite="true", **{"as": "json"}).json()
            self.assertEqual([module for module, _ in map(expected.states_of, cms["BackupModules"])], ["CentralMgmt.CMSMaster"])

    def test_every_bad_answer(self):
        self.configure_engine({"full": {}}, {"full": [*expected.BAD, "healthy"]})
        with self.agent() as agent:
            texts = {name: expected.check_bad(self, agent, name, "full").text for name in expected.BAD}
            expected.check_good(self, agent, "healthy", "full")
            self.assert_no_zombies(agent)
            # As far as it came, and what ended it, as a console shows it.
            self.assertIn("fe1.status-throw.full.example.com", texts["status-throw"])
            self.assertIn("FullyQualifiedErrorId : BackupServiceClosed,Sfb.Lab.GetCsBackupServiceStatusCommand", texts["status-throw"])
            self.assertIn("CategoryInfo          : PermissionDenied: (throw.full.example.com:String) [Get-CsBackupServiceStatus], InvalidOperationException",
                          texts["throw"])
            forced = self.ask(agent, "only-error.full", Force="true")
            self.assert_good(forced)
            self.assertEqual(forced.text, "")



if __name__ == "__main__":
    unittest.main()
