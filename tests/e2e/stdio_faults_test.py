"""What goes wrong with a child that speaks PSRP, on demand: each fault is seen from the client's side."""

import pathlib
import re
import signal

import child
import lab
from child import HOST_CALL, OUTPUT, PIPELINE_STATE, SESSION, Packet
from stdio_test import StdioTest


class Faults(StdioTest):
    def faulty(self, act, action="Open", **more):
        return self.server(faults=[{"do": act, "action": action, "times": 1, **more}])

    def gone(self, server):
        """The status of a server that ends by itself."""
        while server.line() is not None:
            pass
        return server.process.wait(lab.WAIT)

    def opening(self, server):
        server.rpid = bytes(16)
        server.send(Packet("Data", SESSION, server._opening))

    def test_it_ends(self):
        for act, action, more, status in (("exit", "Start", {"code": 255, "text": "Permission denied (publickey)."}, 255),
                                          ("exit", "Open", {"code": 3}, 3), ("kill", "Open", {}, -signal.SIGKILL)):
            with self.subTest(act, action=action), self.faulty(act, action, **more) as server:
                try:
                    self.opening(server)
                except BrokenPipeError:
                    pass
                self.assertEqual(self.gone(server), status)
                self.assertIn(more.get("text", ""), server.stderr())
            self.assertEqual(self.journal("end")[-1]["status"], status if status > 0 else None)
        for action in ("Command", "Data"):
            with self.subTest(action), self.faulty("exit", action, code=4, before=False) as server:
                server.open()
                if action == "Data":
                    server.begin("a.example.com")
                else:
                    server.send(Packet("Command", SESSION.replace("0", "1")))
                self.assertEqual(self.gone(server), 4)
        with self.faulty("kill", "Close", before=False) as server:
            server.open()
            server.run("a.example.com")
            self.assertEqual(self.gone(server), -signal.SIGKILL)
        with self.faulty("cut_line", "Data", code=5) as server:
            server.open()
            server.send(Packet("Command", SESSION.replace("0", "1")))
            server.until("CommandAck", SESSION.replace("0", "1"))
            server.send(server.create("a.example.com", SESSION.replace("0", "1")))
            self.assertIsNone(Packet.read(server.line()))
            self.assertEqual(self.gone(server), 5)

    def test_it_says_what_is_no_packet(self):
        for act, more, said in (("garbage", {"text": "Welcome to Windows."}, "Welcome to Windows."),
                                ("error_line", {"text": "trouble"}, "__NamedPipeError__:trouble"), ("huge_line", {"bytes": 100000}, "x" * 100000),
                                ("malformed_xml", {}, None), ("bad_base64", {}, None), ("split", {}, None), ("joined", {}, None)):
            with self.subTest(act), self.faulty(act, **more) as server:
                self.opening(server)
                line = server.line()
                self.assertIsNone(Packet.read(line))
                self.assertEqual(line, said or line)
                if act == "joined":
                    self.assertEqual(line.count("<Data "), 3)
                elif act == "split":
                    self.assertIsNone(Packet.read(server.line()))
                else:
                    server.until("DataAck")  # and goes on
        with self.faulty("garbage", "Start", text="a banner") as server:
            self.assertEqual(server.line(), "a banner")
            server.open()
        with self.faulty("stderr", text="a warning") as server:
            server.open()
            self.assertIn("a warning\n", server.stderr())

    def test_acks_that_are_not_as_they_should_be(self):
        for act, kinds in (("ack_twice", ["DataAck", "DataAck"]), ("ack_first", ["DataAck", "Data"]), ("no_ack", [])):
            with self.subTest(act), self.faulty(act) as server:
                self.opening(server)
                packets = [server.next() for _ in range(3 + len(kinds) - (1 if act == "ack_first" else 0))]
                if act == "ack_first":
                    self.assertEqual([packet.kind for packet in packets[:2]], kinds)
                else:
                    self.assertEqual([packet.kind for packet in packets[3:]], kinds)
                self.assertEqual(len(server.end()[1]), 2)  # the states, nothing else
        with self.faulty("wrong_ack", "Command") as server:
            server.open()
            server.send(Packet("Command", SESSION.replace("0", "2")))
            self.assertEqual(server.next().guid[:8], "11111111")
        with self.faulty("no_ack", "ClosePool") as server:
            server.open()
            server.send(Packet("Close", SESSION))
            self.assertEqual([Packet.read(line).state() for line in server.end()[1]], [4, 3])

    def test_it_does_not_hear(self):
        with self.faulty("deaf", "Signal") as server:
            server.open()
            guid, _ = server.begin("slow.litwareinc.com")
            server.send(Packet("Signal", guid))
            self.wait(lambda: self.journal("fault"), "the signal")
            self.assertEqual(len(server.close(guid)), 1)
            self.assertEqual(server.run("a.example.com")[-1].state(), 4)  # the stopped one does not keep the runspace
        self.assertEqual(self.violations(), [])
        for action in ("Start", "Open"):
            with self.subTest(action), self.faulty("hang", action) as server:
                self.opening(server)
                self.assertEqual(server.end(), (160, []))
        with self.faulty("stall", "Open") as server:
            self.opening(server)
            self.wait(lambda: self.journal("fault"), "the opening")
            server.process.stdin.close()
            server.process.terminate()
            self.assertEqual(self.gone(server), -signal.SIGTERM)

    def test_it_does_not_go(self):
        for term in (True, False):
            with self.faulty("linger", term=term) as server:
                server.open()
                server.close()
                server.process.stdin.close()
                self.wait(lambda: self.journal("end"), "the end of stdin to be seen")
                server.process.terminate()
                if not term:
                    self.wait(lambda: int(self.field(server, "SigIgn"), 16) & 1 << (signal.SIGTERM - 1), "an ignored SIGTERM")
                    self.assertIsNone(server.process.poll())
                    server.process.kill()
                self.assertEqual(self.gone(server), -signal.SIGTERM if term else -signal.SIGKILL)

    def field(self, server, name):
        with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
            return next(line.split()[1] for line in status if line.startswith(name + ":"))

    def test_slowly(self):
        for act, more in (("delay", {"time": "50ms"}), ("slow_drip", {"bytes": 500, "pause": "1ms"})):
            with self.subTest(act), self.faulty(act, **more) as server:
                self.assertEqual(len(server.open()), 4)

    def test_of_a_pipeline(self):
        for act, types in (("unknown_message", [0x00041999, OUTPUT, PIPELINE_STATE]), ("bad_state", [OUTPUT, PIPELINE_STATE]),
                           ("huge_output", [OUTPUT, OUTPUT, PIPELINE_STATE]), ("deep_xml", [OUTPUT, OUTPUT, PIPELINE_STATE]), ("unfinished", [OUTPUT, PIPELINE_STATE]), ("other_pid", [OUTPUT, PIPELINE_STATE]),
                           ("lost_object", [PIPELINE_STATE]), ("id_gap", [OUTPUT, PIPELINE_STATE]), ("no_extras", [OUTPUT, PIPELINE_STATE])):
            with self.subTest(act), self.server(faults=[{"do": act, "pool": "a.example.com", **({"bytes": 5000} if act == "huge_output" else {})}]) as server:
                server.open()
                guid, _ = server.begin("a.example.com")
                self.assertEqual([server.next().type() for _ in types], types)
                server.close(guid)
                self.assertEqual(server.run("healthy.litwareinc.com")[-1].state(), 4)  # another pool
        with self.server(faults=[{"do": "host_call"}]) as server:
            server.open()
            guid, _ = server.begin("a.example.com")
            self.assertEqual(server.next().type(), HOST_CALL)
            server.send(Packet("Signal", guid))
            self.assertEqual(server.until("SignalAck", guid)[0].state(), 3)
        for act in ("fragment_gap", "fragments_cut"):
            with self.subTest(act), self.server(faults=[{"do": act}]) as server:
                server.open()
                guid, _ = server.begin("a.example.com")
                self.assertGreater(sum(packet.type() != OUTPUT for packet in (server.next() for _ in range(5))), 2)
        self.assertEqual(self.violations(), [])

    def test_none_is_left_out(self):
        text = (lab.ROOT / "tests/simulator/README.md").read_text(encoding="utf-8")
        rows = re.findall(r"(?m)^\| (`.*?) \|", text.split("### Out of process")[1].split("## Out of process")[0])
        acts = {act for row in rows for act in re.findall(r"`(\w+)`", row)}
        tested = pathlib.Path(__file__).read_text(encoding="utf-8")
        self.assertGreater(len(acts), 15)
        self.assertEqual({act for act in acts if f'"{act}"' not in tested}, set())

    def test_of_one_child_among_many(self):
        for number in (1, 2, 3):
            with self.server(faults=[{"do": "exit", "code": 9, "action": "Open", "child": 2}]) as server:
                self.opening(server)
                status = self.gone(server) if number == 2 else server.end()[0]
                self.assertEqual(status, 9 if number == 2 else 160)
            with self.server("--listener", "old") as server:  # is not counted
                server.end()
