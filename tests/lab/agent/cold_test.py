"""Fifty cold sessions of Microsoft's engine in a row: a lost line in any of them is a failure."""

import concurrent.futures
import unittest

import engine

SESSIONS = 50


def setUpModule():
    engine.need_lab()


class Cold(engine.EngineTest):
    def test_fifty_in_a_row(self):
        self.configure_engine({"full": {"keys": {"session": {"reuse": False}}}, "none": {"session": "nolanguage", "keys": {"session": {"reuse": False}}}},
                              {"full": ["healthy"], "none": ["healthy"]})

        def ask(agent, endpoint):
            # The second half refuses the script first: two pipelines in a cold session.
            return [self.ask(agent, f"healthy.{endpoint}") for _ in range(SESSIONS // 2)]

        with self.agent() as agent, concurrent.futures.ThreadPoolExecutor(2) as pool:
            for answers in pool.map(lambda endpoint: ask(agent, endpoint), ("full", "none")):
                self.assertEqual(len(answers), SESSIONS // 2)
                for answer in answers:
                    self.assert_good(answer)
            self.assertGreaterEqual(sum(agent.by_pool("sfb_backup_evaluations_total").values()), SESSIONS)
            self.assertEqual(sum(agent.series("sfb_backup_evaluation_failures_total").values()), 0)
            self.wait(lambda: not self.children(agent), "the end of the last ones")
            self.assert_no_zombies(agent)


if __name__ == "__main__":
    unittest.main()
