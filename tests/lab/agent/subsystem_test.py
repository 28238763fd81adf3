"""Microsoft's engine as the subsystem of a real sshd, as its guide for remoting over ssh sets it up."""

import os
import unittest

import engine
import expected
import openssh_test


def setUpModule():
    engine.need_lab()
    openssh_test.require()


class Subsystem(openssh_test.Login, engine.EngineTest):
    def test_an_answer(self):
        # sshd hands down nothing of the environment, not even where .NET is.
        environment = [f"{name}={value}" for name, value in os.environ.items() if name.startswith(("DOTNET_", "POWERSHELL_"))]
        self.prepare_login(["/usr/bin/env", *environment, *self.program("full", "-sshs")])
        self.configure_endpoints({"full": {"transport": "ssh", **self.keys()}}, {"full": ["healthy", "failing"]})
        with self.server() as server, self.agent() as agent:
            self.wait(agent.ready, "the first cycle")
            for name in ("healthy", "failing"):
                expected.check_good(self, agent, name, "full")
            self.assertEqual(server.log().count("Accepted publickey"), 1, "one login for all pools")
            self.assertEqual(sum(agent.series("sfb_backup_evaluation_failures_total").values()), 0)
            self.assert_no_zombies(agent)


if __name__ == "__main__":
    unittest.main()
