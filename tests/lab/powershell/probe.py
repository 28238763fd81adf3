"""A minimal PSRP client over the stdin and stdout of a program: enough to see what a server says. It shares nothing with the product."""

import base64
import contextlib
import re
import struct
import subprocess
import uuid

ZERO = uuid.UUID(int=0)
CAPABILITY, INIT_POOL, POOL_STATE, PRIVATE_DATA, CREATE = 0x00010002, 0x00010004, 0x00021005, 0x00021009, 0x00021006
OUTPUT, ERROR, PIPELINE_STATE, VERBOSE, WARNING, PROGRESS, INFORMATION = 0x00041004, 0x00041005, 0x00041006, 0x00041008, 0x00041009, 0x00041010, 0x00041011
COMPLETED, FAILED, STOPPED = "4", "5", "3"

HOST = '<Obj N="HostInfo" RefId="90"><MS><B N="_isHostNull">true</B><B N="_isHostUINull">true</B><B N="_isHostRawUINull">true</B><B N="_useRunspaceHost">true</B></MS></Obj>'


def enum(name, type_name, text, number, ref):
    return (f'<Obj N="{name}" RefId="{ref}"><TN RefId="{ref}"><T>{type_name}</T><T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN>'
            f"<ToString>{text}</ToString><I32>{number}</I32></Obj>")


THREADING = enum("PSThreadOptions", "System.Management.Automation.Runspaces.PSThreadOptions", "Default", 0, 80)
APARTMENT = enum("ApartmentState", "System.Threading.ApartmentState", "Unknown", 2, 81)


def guid(number):
    return uuid.UUID(number) if isinstance(number, str) else number


class Probe:
    """One session. The child is ended by close() or at the end of a with block."""

    def __init__(self, command):
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")
        self.pool = uuid.uuid4()
        self.next_object = 1
        self.parts = {}
        self.messages = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        for pipe in (self.child.stdin, self.child.stdout, self.child.stderr):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def open(self):
        """State of the pool: 2 when it is open, 5 when it is broken."""
        capability = '<Obj RefId="0"><MS><Version N="protocolversion">2.3</Version><Version N="PSVersion">2.0</Version><Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>'
        pool = f'<Obj RefId="0"><MS><I32 N="MinRunspaces">1</I32><I32 N="MaxRunspaces">1</I32>{THREADING}{APARTMENT}{HOST}<Nil N="ApplicationArguments" /></MS></Obj>'
        self.send(ZERO, self.fragment(CAPABILITY, capability) + self.fragment(INIT_POOL, pool))
        return self.wait(POOL_STATE, "RunspaceState", ("2", "5"))

    def run(self, text, parameters=(), script=False):
        """The messages of one pipeline, its state last."""
        pid = self.start(text, parameters, script)
        self.wait(PIPELINE_STATE, "PipelineState", (COMPLETED, FAILED, STOPPED))
        self.line(f"<Close PSGuid='{pid}' />")
        self.until(f"<CloseAck PSGuid='{pid}'")
        taken, self.messages = self.messages, []
        return taken

    def start(self, text, parameters=(), script=False):
        """Begins a pipeline; its id."""
        pid = uuid.uuid4()
        self.line(f"<Command PSGuid='{pid}' />")
        self.until(f"<CommandAck PSGuid='{pid}'")
        arguments = "".join(f'<Obj RefId="{20 + i}"><MS><S N="N">-{name}</S>{value}</MS></Obj>' for i, (name, value) in enumerate(parameters))
        merges = "".join(enum(name, "System.Management.Automation.Runspaces.PipelineResultTypes", "None", 0, 60 + i)
                         for i, name in enumerate(("MergeMyResult", "MergeToResult", "MergePreviousResults", "MergeError", "MergeWarning", "MergeVerbose", "MergeDebug", "MergeInformation")))
        command = (f'<Obj RefId="10"><MS><S N="Cmd">{text}</S><B N="IsScript">{str(script).lower()}</B><Nil N="UseLocalScope" />{merges}'
                   f'<Obj N="Args" RefId="11"><LST>{arguments}</LST></Obj></MS></Obj>')
        body = ('<Obj RefId="0"><MS><B N="NoInput">true</B><B N="AddToHistory">false</B><B N="IsNested">false</B>'
                f'{enum("RemoteStreamOptions", "System.Management.Automation.RemoteStreamOptions", "0", 0, 82)}{APARTMENT}{HOST}'
                f'<Obj N="PowerShell" RefId="1"><MS><B N="IsNested">false</B><Nil N="History" /><B N="RedirectShellErrorOutputPipe">true</B>'
                f'<Obj N="Cmds" RefId="2"><LST>{command}</LST></Obj></MS></Obj></MS></Obj>')
        self.messages = []
        self.send(pid, self.fragment(CREATE, body, pid), acknowledged=False)
        return pid

    def stop(self, pid):
        """Sends the stop signal; the state that follows."""
        self.line(f"<Signal PSGuid='{pid}' />")
        return self.wait(PIPELINE_STATE, "PipelineState", (COMPLETED, FAILED, STOPPED))

    def close(self):
        """Closes the session as a client does; the exit status of the program."""
        self.line(f"<Close PSGuid='{ZERO}' />")
        self.until(f"<CloseAck PSGuid='{ZERO}'")
        self.child.stdin.close()
        return self.child.wait(30)

    def fragment(self, kind, body, pid=ZERO):
        message = struct.pack("<II", 2, kind) + self.pool.bytes_le + guid(pid).bytes_le + body.encode()
        self.next_object += 1
        return struct.pack(">QQBI", self.next_object, 0, 3, len(message)) + message

    def send(self, pid, data, acknowledged=True):
        self.line(f"<Data Stream='Default' PSGuid='{pid}'>{base64.b64encode(data).decode()}</Data>")
        if acknowledged:
            self.until("<DataAck")

    def line(self, text):
        self.child.stdin.write(text + "\n")
        self.child.stdin.flush()

    def read(self):
        """One line of the program; the messages it completes are kept."""
        text = self.child.stdout.readline()
        if not text:
            raise EOFError(f"the program ended with {self.child.wait(30)}: {self.child.stderr.read()}")
        packet = re.match(r"<Data [^>]*>([^<]*)</Data>", text)
        if packet:
            self.take(base64.b64decode(packet.group(1)))
        return text

    def take(self, data):
        identity, _, flags, length = struct.unpack(">QQBI", data[:21])
        self.parts[identity] = self.parts.get(identity, b"") + data[21:21 + length]
        if flags & 2:
            message = self.parts.pop(identity)
            self.messages.append((struct.unpack("<I", message[4:8])[0], message[40:].decode("utf-8-sig")))

    def until(self, start):
        while not self.read().startswith(start):
            pass

    def wait(self, kind, member, values):
        """Reads until a message of this kind says one of the values."""
        while True:
            for message, body in self.messages:
                found = re.search(rf'<I32 N="{member}">(\d+)</I32>', body)
                if message == kind and found and found.group(1) in values:
                    return found.group(1)
            self.read()


def bodies(messages, kind):
    return [body for message, body in messages if message == kind]
