#!/usr/bin/python3
"""A PSRP server on stdin and stdout that answers every pipeline with the messages of a file; for the benchmark of memory.

usage: psrp_source.py FILE
Each line of FILE is one message of the pipeline: OUTPUT, ERROR, WARNING or PROGRESS, a blank, and its body.
"""

import base64
import itertools
import re
import struct
import sys

TYPES = {"OUTPUT": 0x00041004, "ERROR": 0x00041005, "WARNING": 0x00041009, "PROGRESS": 0x00041010}
CAPABILITY, PRIVATE, POOL_STATE, PIPELINE_STATE = 0x00010002, 0x00021009, 0x00021005, 0x00041006
POOL = "00000000-0000-0000-0000-000000000000"
BLOB = 32747
objects = itertools.count(1)


def say(text):
    sys.stdout.write(text + "\n")


def send(guid, pool, pipeline, kind, body):
    message = struct.pack("<II", 1, kind) + pool + pipeline + body
    number = next(objects)
    for index, at in enumerate(range(0, len(message), BLOB)):
        piece = message[at:at + BLOB]
        flags = (at == 0) | (2 if at + BLOB >= len(message) else 0)
        fragment = struct.pack(">QQBI", number, index, flags, len(piece)) + piece
        say(f"<Data Stream='Default' PSGuid='{guid}'>{base64.b64encode(fragment).decode()}</Data>")


def member(tag, name, value):
    return f'<{tag} N="{name}">{value}</{tag}>'


def members(*parts):
    return f'<Obj RefId="0"><MS>{"".join(parts)}</MS></Obj>'.encode()


def main():
    none, opened = bytes(16), False
    for line in sys.stdin:
        kind, guid = re.match(r"<(\w+)", line).group(1), re.search(r"PSGuid='([^']+)'", line).group(1)
        say(f"<{kind}Ack PSGuid='{guid}' />")
        if kind == "Data":
            payload = base64.b64decode(re.search(r">([^<]*)<", line).group(1))
            pool, pipeline = payload[29:45], payload[45:61]
            if guid != POOL:
                with open(sys.argv[1], "rb") as messages:
                    for message in messages:
                        word, body = message.rstrip(b"\n").split(b" ", 1)
                        send(guid, pool, pipeline, TYPES[word.decode()], body)
                send(guid, pool, pipeline, PIPELINE_STATE, members(member("I32", "PipelineState", 4)))
            elif not opened:
                opened = True
                send(guid, pool, none, CAPABILITY, members(member("Version", "protocolversion", "2.3"), member("Version", "PSVersion", "2.0"),
                                                           member("Version", "SerializationVersion", "1.1.0.1")))
                send(guid, pool, none, PRIVATE, members('<Nil N="ApplicationPrivateData" />'))
                send(guid, pool, none, POOL_STATE, members(member("I32", "RunspaceState", 2)))
        sys.stdout.flush()
        if kind == "Close":
            return


main()
