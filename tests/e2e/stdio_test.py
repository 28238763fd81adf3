"""The simulator as a child that speaks PSRP on its stdin and stdout."""

import json
import uuid

import child
import lab
from child import OUTPUT, PIPELINE_STATE, SESSION, Packet

OTHER = "6f18ed84-ebd9-4233-a272-cd5ed7011bd5"
END = 'An unknown element "" was received.'


class StdioTest(lab.LabTest):
    def server(self, *arguments, **scenario):
        path = self.folder / "scenario.yml"
        keys = {"listeners": [{"name": "l1"}, {"name": "old", "server": {"protocol": "2.1", "crlf": True}}],
                "pools": {"a.example.com": {}, "slow.litwareinc.com": {"slow": "1h"}, "healthy.litwareinc.com": {}}, **scenario}
        path.write_text(json.dumps(keys), encoding="utf-8")
        return child.Child(lab.SIMULATOR, path, "--stdio", "--log", self.folder / "log", *arguments, folder=self.folder)

    def journal(self, *events):
        return [entry for entry in child.journal(self.folder / "log") if not events or entry["event"] in events]

    def violations(self):
        return [entry["text"] for entry in self.journal("violation")]


class Good(StdioTest):
    def test_a_session_from_its_opening_to_its_end(self):
        with self.server() as server:
            opened = server.open()
            self.assertEqual([packet.kind for packet in opened], ["Data", "Data", "Data", "DataAck"])
            self.assertIn(">2.3<", opened[0].text())
            self.assertEqual(opened[2].state(), 2)
            for _ in range(2):
                packets = server.run("a.example.com")
                self.assertEqual([packet.type() for packet in packets], [OUTPUT, PIPELINE_STATE])
                self.assertIn("UserServices.PresenceFocus:[FinalState,NormalState]", packets[0].text())
                self.assertEqual(packets[1].state(), 4)
            closed = server.close()
            self.assertEqual([packet.state() for packet in closed], [4, 3, None])
            self.assertEqual(len(server.open()), 4)  # another pool
            server.run("a.example.com")
            server.close()
            self.assertEqual(server.end(), (160, []))
            self.assertTrue(server.stderr().startswith(END), server.stderr())
        self.assertEqual([entry["event"] for entry in self.journal()], ["start", *["open", "pipeline", "close", "pipeline", "close", "close_pool"], *["open", "pipeline", "close", "close_pool"], "end"])
        self.assertEqual(self.journal("pipeline")[0], {
            "pid": server.process.pid, "event": "pipeline", "command": "Get-CsBackupServiceStatus", "script": False,
            "parameters": {"poolfqdn": "a.example.com"}, "module": ""})

    def test_what_microsofts_client_sent_is_understood(self):
        for name in ("open-close", "command", "command-all-parameters", "pipeline-of-two", "script", "input", "stop"):
            with self.subTest(name), self.server() as server:
                for direction, packet in child.recorded("client-" + name):
                    if direction == ">":
                        server.send(packet)
                    elif packet.kind != "Data":
                        server.until(packet.kind, packet.guid)
                    elif packet.type() == PIPELINE_STATE and not any(
                            seen.guid == packet.guid and seen.state() is not None for seen in server.seen):
                        server.until_state(packet.guid)
                self.assertEqual(server.end(), (160, []))
                states = [seen.state() for seen in server.seen if seen.state() is not None]
                self.assertEqual(states, {"open-close": [2, 4, 3], "stop": [2, 3, 4, 3]}.get(name, [2, 4, 4, 3]))
                # The one thing that an exporter must not do.
                self.assertEqual([text for text in self.violations() if "NoInput" not in text], [])

    def test_a_listener_of_its_choice(self):
        with self.server("--listener", "old") as server:
            self.assertIn(">2.1<", server.open()[0].text())
            server.send(Packet("Command", OTHER))
            self.assertEqual(server._lines.get(timeout=lab.WAIT), f"<CommandAck PSGuid='{OTHER}' />\r\n".encode())
        with self.server("--listener", "nobody") as server:
            self.assertEqual(server.end(), (1, []))
            self.assertIn("nobody", server.stderr())

    def test_a_stop_is_told_before_its_ack(self):
        with self.server() as server:
            server.open()
            guid, _ = server.begin("slow.litwareinc.com")
            server.send(Packet("Signal", guid))
            said = server.until("SignalAck", guid)
            self.assertEqual([packet.state() for packet in said], [3, None])
            self.assertIn("PipelineStopped", said[0].text())
            server.close(guid)
            self.assertEqual(server.run("a.example.com")[-1].state(), 4)
            server.close()
            server.end()
        self.assertEqual(self.violations(), [])

    def test_a_deaf_server_acks_the_close_and_keeps_the_runspace(self):
        pools = {"slow.example.com": {"slow": "700ms"}, "a.example.com": {}}
        with self.server(server={"deaf": True}, listeners=[{"name": "l1"}], pools=pools) as server:
            server.open()
            guid, _ = server.begin("slow.example.com")
            server.send(Packet("Signal", guid))
            self.wait(lambda: self.journal("signal"), "the signal")
            self.assertEqual(len(server.close(guid)), 1)
            self.assertEqual(server.run("a.example.com")[-1].state(), 4)
            guid, _ = server.begin("slow.example.com")
            server.send(Packet("Signal", guid))
            said = server.until("SignalAck", guid)  # when it has come to its end
            self.assertEqual([packet.state() for packet in said], [None, 4, None])
        self.assertEqual(self.violations(), [])

    def test_the_end_of_stdin_stops_what_runs(self):
        with self.server() as server:
            server.open()
            server.begin("slow.litwareinc.com")
            status, rest = server.end()
            self.assertEqual((status, [Packet.read(line).state() for line in rest]), (160, [3, 4, 3]))
        self.assertEqual(self.journal("end")[0]["commands_open"], 1)

    def test_of_two_versions_that_cannot_agree_only_one_is_told(self):
        with self.server(server={"protocol": "3.0"}, listeners=[{"name": "l1"}]) as server:
            self.assertEqual([packet.kind for packet in server.open()], ["Data", "DataAck"])
        with self.server(server={"broken": "The session cannot be configured."}, listeners=[{"name": "l1"}]) as server:
            self.assertEqual([packet.state() for packet in server.open()], [None, 5, None])


class Rules(StdioTest):
    """A client that breaks a rule."""

    def test_lines_that_are_no_packets_end_it(self):
        for line, said in ((f"<Foo PSGuid='{SESSION}' />", 'An unknown element "Foo" was received.'), ("hello", "text"), (" ", "text"),
                           ("<Data", "no XML"), (f"<Data Stream='Default' PSGuid='{SESSION}'>!</Data>", "base64"),
                           (f"<Data Stream='Default' PSGuid='{SESSION}'></Data>", "base64"), ("<Command PSGuid='x' />", "GUID"),
                           ("<Command />", "PSGuid"), (f"<DataAck PSGuid='{SESSION}' />", "DataAck"), (f"<Signal PSGuid='{SESSION}' />", "Signal")):
            with self.subTest(line), self.server() as server:
                server.say(line)
                self.assertEqual((server.line(), server.process.wait(lab.WAIT)), (None, 160))
                self.assertIn(said, server.stderr())
                self.assertIn("violation: ", server.stderr())

    def test_errors_go_to_stdout_as_the_ssh_subsystem_tells_them(self):
        with self.server("--errors-on-stdout") as server:
            server.say("<Foo/>")
            self.assertTrue(server.line().startswith('__NamedPipeError__:An unknown element "Foo"'))
            self.assertTrue(server.line().startswith("   at "))
        with self.server("--errors-on-stdout") as server:
            server.say("")
            self.assertTrue(server.line().startswith("__NamedPipeError__:" + END))
            self.assertEqual(server.process.wait(lab.WAIT), 160)
            self.assertEqual(server.stderr(), "")

    def test_other_forms_of_a_packet_are_taken(self):
        with self.server() as server:
            server.open()
            server.say(f'<!-- two --><Command PSGuid="{OTHER.upper()}"/><Close PSGuid="{OTHER}"></Close>\r')
            self.assertEqual([server.line(), server.line()], [f"<CommandAck PSGuid='{OTHER}' />", f"<CloseAck PSGuid='{OTHER}' />"])
        self.assertEqual(self.violations(), [])

    def test_the_order_of_things(self):
        def early(server):
            server.send(Packet("Command", OTHER))
            server.until("CommandAck", OTHER)

        def overtaking(server):
            server.open()
            server.say(f"<Command PSGuid='{OTHER}' />\n" + server.create("a.example.com", OTHER).line())
            server.until_state(OTHER)

        def twice(server):
            server.open()
            guid, _ = server.begin("a.example.com")
            server.close(guid)
            server.close(guid)

        def two(server):
            server.open()
            server.begin("slow.litwareinc.com")
            server.begin("a.example.com")

        def unclosed(server):
            server.open()
            guid, _ = server.begin("a.example.com")
            server.until_state(guid)
            server.send(Packet("Close", SESSION))
            self.assertEqual(len(server.close(guid)), 1)  # and then the pool's
            self.assertEqual([packet.state() for packet in server.until("CloseAck")], [4, 3, None])

        def again(server):
            server.open()
            server.send(Packet("Data", SESSION, server._opening))
            server.until("DataAck")

        def lost(server):
            server.open()
            server.send(server.create("a.example.com", OTHER))
            server.until("DataAck", OTHER)

        def other_ids(server):
            server.open()
            server.send(Packet("Command", OTHER))
            packet = server.create("a.example.com", str(uuid.uuid4()))
            packet.guid = OTHER
            server.until("CommandAck", OTHER)
            server.send(packet)
            server.until("DataAck", OTHER)

        for breaks, said in ((early, "the pool has not told that it is open"), (overtaking, "before its ack"), (twice, "was closed before"),
                             (two, "the one before was not closed"), (unclosed, "1 open command"), (again, "asked for nothing"),
                             (lost, "there is no such command"), (other_ids, "wrong ids")):
            with self.subTest(breaks.__name__):
                with self.server() as server:
                    breaks(server)
                self.assertEqual([text for text in self.violations() if said not in text], [], said)
                self.assertNotEqual(self.violations(), [])
                (self.folder / "log").unlink()
