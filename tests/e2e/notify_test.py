"""What the agent tells a service manager: a datagram socket as systemd makes one."""

import contextlib
import os
import signal
import socket
import subprocess
import unittest

import lab
from lab import LabTest

ATL, CHI = "atl.example.com", "chi.example.com"


class NotifyTest(LabTest):
    def setUp(self):
        super().setUp()
        self.configure()
        self.drop_status(ATL)
        self.drop_status(CHI)
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.bind(f"{self.folder}/notify")
        self.manager.settimeout(lab.WAIT)

    def start(self, **environment):
        with open(f"{self.folder}/log", "w", encoding="utf-8") as log:
            process = subprocess.Popen([lab.AGENT, f"--config.file={self.folder}/agent.yml", "--web.listen-address=127.0.0.1:0"],
                                       stdin=subprocess.DEVNULL, stderr=log,
                                       env={**os.environ, "NOTIFY_SOCKET": f"{self.folder}/notify", **environment})
        self.addCleanup(lab.stop, process, signal.SIGKILL)
        return process

    def told(self, wanted, limit=100):
        """The next message that holds `wanted`."""
        for _ in range(limit):
            message = self.manager.recv(4096).decode().split("\n")
            if wanted in message:
                return message
        self.fail(f"{wanted} is not told")

    def log(self):
        with open(f"{self.folder}/log", encoding="utf-8") as log:
            return log.read()

    def test_ready_when_it_listens_and_stopping_when_it_ends(self):
        process = self.start()
        self.assertEqual(self.told("READY=1"), ["READY=1", "STATUS=watches 2 pools"])
        self.wait(lambda: "listening" in self.log(), "the line of the log, which a thread writes")
        self.configure(pools={ATL: CHI})
        process.send_signal(signal.SIGHUP)
        self.told("STATUS=watches 1 pool")
        process.send_signal(signal.SIGTERM)
        self.told("STOPPING=1")
        self.assertEqual(process.wait(lab.WAIT), 0)

    def test_signs_of_life_as_often_as_the_unit_wants_them(self):
        process = self.start(WATCHDOG_USEC="400000")
        self.told("READY=1")
        for _ in range(3):
            self.told("WATCHDOG=1")
        # A hung loop gives none: nothing comes from a stopped process but what was under way.
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        self.manager.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.manager.recv(4096)
        self.manager.settimeout(1)
        self.assertRaises(TimeoutError, self.manager.recv, 4096)
        process.send_signal(signal.SIGCONT)
        self.manager.settimeout(lab.WAIT)
        self.told("WATCHDOG=1")

    def test_no_signs_of_life_for_another_process(self):
        self.start(WATCHDOG_USEC="100000", WATCHDOG_PID="1")
        self.told("READY=1")
        self.manager.settimeout(1)
        self.assertRaises(TimeoutError, self.manager.recv, 4096)

    def test_a_manager_that_is_gone_stops_nothing(self):
        process = self.start(NOTIFY_SOCKET=f"{self.folder}/nobody", WATCHDOG_USEC="100000")
        self.wait(lambda: "cannot be told" in self.log(), "the line about the manager")
        self.wait(lambda: "listening" in self.log(), "the agent")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(lab.WAIT), 0)
        self.assertEqual(self.log().count("cannot be told"), 1)


if __name__ == "__main__":
    unittest.main()
