"""A client of PSRP out of process, for tests of the servers that speak it: lines of a child's stdin and stdout, and messages made out of recorded ones."""

import base64
import json
import pathlib
import queue
import re
import subprocess
import threading
import uuid

import lab

SESSION = "00000000-0000-0000-0000-000000000000"
GOLDEN = lab.ROOT / "tests" / "golden" / "psrp"
CREATE_PIPELINE, HOST_RESPONSE = 0x00021006, 0x00041101
POOL_STATE, OUTPUT, ERROR, PIPELINE_STATE, WARNING, HOST_CALL = 0x00021005, 0x00041004, 0x00041005, 0x00041006, 0x00041009, 0x00041100


class Packet:
    """One line: kind, stream, guid, and the fragments of a Data."""

    FORM = re.compile(r"<(?P<kind>\w+)(?: Stream='(?P<stream>\w+)')? PSGuid='(?P<guid>[0-9a-f-]{36})'(?: />|>(?P<data>[A-Za-z0-9+/=]+)</Data>)$")

    def __init__(self, kind, guid, data=b"", stream="Default"):
        self.kind, self.guid, self.data, self.stream = kind, guid, data, stream

    @classmethod
    def read(cls, line):
        """None when it is no packet as a server writes it."""
        found = cls.FORM.match(line)
        return found and cls(found["kind"], found["guid"], base64.b64decode(found["data"] or ""), found["stream"])

    def line(self):
        if self.kind == "Data":
            return f"<Data Stream='{self.stream}' PSGuid='{self.guid}'>{base64.b64encode(self.data).decode()}</Data>"
        return f"<{self.kind} PSGuid='{self.guid}' />"

    def __repr__(self):
        return f"{self.kind} {self.guid[:8]} {hex(self.type()) if self.kind == 'Data' else ''}"

    def type(self):
        """Of the message that begins here."""
        return int.from_bytes(self.data[25:29], "little")

    def text(self):
        """CLIXML of the fragments here, which are whole messages."""
        return b"".join(body for _, body in messages(self.data)).decode()

    def state(self):
        """The number of a state message, else None."""
        found = re.search(r'N="(?:Runspace|Pipeline)State">(\d)<', self.text()) if self.kind == "Data" and self.type() in (POOL_STATE, PIPELINE_STATE) else None
        return int(found[1]) if found else None


def messages(data):
    """(40 bytes of head, body without BOM) of fragments that are whole messages."""
    while data:
        length = int.from_bytes(data[17:21], "big")
        blob, data = data[21:21 + length], data[21 + length:]
        yield blob[:40], blob[40:].removeprefix(b"\xef\xbb\xbf")


def fragment(number, head, body):
    blob = head + body
    return number.to_bytes(8, "big") + bytes(8) + b"\x03" + len(blob).to_bytes(4, "big") + blob


def recorded(name):
    """[(direction, Packet)] of a recording."""
    packets = []
    for line in (GOLDEN / f"{name}.txt").read_text(encoding="ascii").splitlines():
        direction, kind, *rest = line.split(" ")
        if kind == "Data":
            packets.append((direction, Packet(kind, rest[1], base64.b64decode(rest[2]), rest[0])))
        elif direction in "<>":
            packets.append((direction, Packet(kind, rest[0])))
    return packets


class Child:
    """A server on its stdin and stdout. Use as a context manager; ends it by pid."""

    def __init__(self, *command, folder=None):
        self.command = [str(word) for word in command]
        self.stderr_path = pathlib.Path(folder) / "child.stderr"
        opening = [packet.data for direction, packet in recorded("client-command") if direction == ">" and packet.kind == "Data"]
        self._opening, self._pipeline = opening[0], opening[1]
        self.rpid, self._number = None, 2
        self.seen = []

    def __enter__(self):
        with open(self.stderr_path, "wb") as stderr:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            try:
                stream.close()
            except BrokenPipeError:
                pass

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def stderr(self):
        return self.stderr_path.read_text(encoding="utf-8", errors="replace")

    def say(self, text):
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def send(self, *packets):
        for packet in packets:
            self.say(packet.line())

    def line(self):
        """The next line of stdout without its end; None at the end of stdout."""
        line = self._lines.get(timeout=lab.WAIT)
        return line if line is None else line.decode().rstrip("\r\n")

    def next(self):
        line = self.line()
        packet = None if line is None else Packet.read(line)
        if packet is None:
            raise AssertionError(f"{'the end' if line is None else repr(line[:200])} instead of a packet\n{self.stderr()}")
        self.seen.append(packet)
        return packet

    def until(self, kind, guid=SESSION):
        """The packets up to that Ack."""
        packets = [self.next()]
        while (packets[-1].kind, packets[-1].guid) != (kind, guid):
            packets.append(self.next())
        return packets

    def until_state(self, guid):
        """The packets up to the state of a pipeline."""
        packets = [self.next()]
        while packets[-1].guid != guid or packets[-1].state() is None:
            packets.append(self.next())
        return packets

    def open(self):
        """Opens a pool, as Microsoft's client did."""
        self.rpid, self._number = uuid.uuid4().bytes_le, 2
        data = b"".join(fragment(number, head[:8] + self.rpid + head[24:], body)
                        for number, (head, body) in enumerate(messages(self._opening), 1))
        self.send(Packet("Data", SESSION, data))
        return self.until("DataAck")

    def create(self, pool, guid, **replaced):
        """The Data of a pipeline: Get-CsBackupServiceStatus -PoolFqdn pool; `replaced` changes its CLIXML."""
        head, body = next(messages(self._pipeline))
        text = body.decode().replace("healthy.litwareinc.com", pool)
        for before, after in replaced.get("replaced", {}).items():
            assert before in text, before
            text = text.replace(before, after)
        self._number += 1
        return Packet("Data", guid, fragment(self._number, head[:8] + self.rpid + uuid.UUID(guid).bytes_le, text.encode()))

    def begin(self, pool, **more):
        """Starts a pipeline; its PSGuid and what came up to the ack."""
        guid = str(uuid.uuid4())
        self.send(Packet("Command", guid))
        self.until("CommandAck", guid)
        self.send(self.create(pool, guid, **more))
        return guid, self.until("DataAck", guid)

    def close(self, guid=SESSION):
        self.send(Packet("Close", guid))
        return self.until("CloseAck", guid)

    def run(self, pool, **more):
        """A whole pipeline: the packets that it sent."""
        guid, packets = self.begin(pool, **more)
        packets = packets[:-1] + self.until_state(guid)
        self.close(guid)
        return packets

    def end(self):
        """Closes stdin: the exit status and what else came."""
        self.process.stdin.close()
        rest = []
        while (line := self.line()) is not None:
            rest.append(line)
        return self.process.wait(lab.WAIT), rest


def journal(path):
    """The events of --log; one that is being written is none yet."""
    return [json.loads(line) for line in pathlib.Path(path).read_bytes().split(b"\n")[:-1]]


def ended_in_order(entry):
    """An "end" that closed everything. The agent's stop may fall between a Command and its fragments, which no Close may overtake: then the
    end of stdin closes the pool and that one command, which never began."""
    return entry["orderly"] and entry["commands_open"] == (1 if entry["pool_open"] else 0)
