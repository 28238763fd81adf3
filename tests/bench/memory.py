"""The benchmark of memory: the most that one answer makes the agent take, whatever the answer is.

usage: tests/bench/run memory [--old PROGRAM] [--only NAME ...]
Each shape of answer is made in several sizes up to 4 MiB, read by `evaluate` in a process of its own and printed in each form; shown is
the highest resident memory of any of these processes. Then so many readers ask an agent for one answer and do not read it.
--old: the same with an older sfb_backup_exporter. Prints figures, asserts nothing.
"""

import argparse
import collections
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import figures
import lab

# A process that is started counts what its parent had until then, so its parent must be small.
WAITER = """
import os, sys
out = os.open("/dev/null", os.O_WRONLY)
child = os.fork()
if child == 0:
    os.dup2(out, 1)
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(child, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""
MOST = 4 << 20
SIZES = (MOST // 32, MOST // 16, MOST // 8, MOST // 4, MOST // 2, MOST)
FORMS = ("text", "json", "clixml")
SOURCE = pathlib.Path(__file__).with_name("psrp_source.py")
POOL = "pool.litwareinc.com"
SPACE = "http://schemas.microsoft.com/powershell/2004/04"
Peak = collections.namedtuple("Peak", "mib size form seconds")


def filled(before, item, behind, size, separator=""):
    """As many items as fit; `item` may be a function of the number."""
    parts, left, number = [], size - len(before) - len(behind), 0
    while left > 0:
        part = item(number) if callable(item) else item
        parts.append(part)
        left -= len(part.encode()) + len(separator)
        number += 1
    return before + separator.join(parts[:-1]) + behind


def listed(item, size):
    """CLIXML of one object with a list of items."""
    return filled('<Obj RefId="l"><LST>', item, "</LST></Obj>", size)


def nested(depth, item, size):
    return filled("<Obj><LST>" * depth, item, "</LST></Obj>" * depth, size)


WIDE = '<Obj RefId="w"><MS>' + "".join(f'<S N="n{n}">{"x" * 20}</S>' for n in range(1000)) + "</MS></Obj>"
REFERENCE = '<Ref RefId="w"/>'
TEXT = f'<Obj RefId="t"><ToString>{"t" * 100_000}</ToString></Obj>'
RECORD = ('<Obj RefId="e{n}"><TN RefId="e{n}"><T>System.Management.Automation.ErrorRecord</T></TN><MS>' + "".join(
    f'<{{tag}} N="{name}"{{rest}}' for name in ("Exception", "FullyQualifiedErrorId", "ErrorCategory_Message", "ErrorCategory_Activity",
                                                "ErrorCategory_Reason", "ErrorCategory_TargetName", "ErrorCategory_TargetType",
                                                "ErrorDetails_Message", "ErrorDetails_RecommendedAction")) + "</MS></Obj>")


def large_error(size):
    """Every text of an error record is one and the same long one."""
    text = "m" * (size - 1200)
    names = ("FullyQualifiedErrorId", "ErrorCategory_Message", "ErrorCategory_Activity", "ErrorCategory_Reason", "ErrorCategory_TargetName",
             "ErrorCategory_TargetType", "ErrorDetails_Message", "ErrorDetails_RecommendedAction")
    return ('<Obj RefId="0"><TN RefId="0"><T>System.Management.Automation.ErrorRecord</T></TN><MS>'
            f'<Obj N="Exception" RefId="1"><ToString>{text}</ToString></Obj>'
            + "".join(f'<Ref N="{name}" RefId="1" />' for name in names) + "</MS></Obj>")


def objs(body):
    return f'<Objs Version="1.1.0.1" xmlns="{SPACE}">{body}</Objs>'


JSON = {
    "json, empty lists": lambda size: filled("[", "[]", "]", size, ","),
    "json, small objects": lambda size: filled("[", '{"a":0}', "]", size, ","),
    "json, numbers": lambda size: filled("[", "0", "]", size, ","),
    "json, texts of 16": lambda size: filled("[", '"0123456789abcdef"', "]", size, ","),
    "json, one object of many names": lambda size: filled("{", lambda n: f'"{n}":0', "}", size, ","),
    "json, long names": lambda size: filled("{", lambda n: f'"{"n" * 1000}{n}":0', "}", size, ","),
    "json, one text": lambda size: '["' + "x" * (size - 4) + '"]',
    "json, one text of controls": lambda size: '["' + "\\u0001" * ((size - 4) // 6) + '"]',
    "json, one name": lambda size: '{"' + "x" * (size - 8) + '":[0]}',
    "json, deep lists": lambda size: filled("[", "[" * 60 + "]" * 60, "]", size, ","),
}
CLIXML = {
    "empty objects": lambda size: listed("<Obj/>", size),
    "nulls": lambda size: listed("<Nil/>", size),
    "numbers": lambda size: listed("<I32>1</I32>", size),
    "small objects": lambda size: listed('<Obj><MS><S N="a">b</S></MS></Obj>', size),
    "objects with a reference": lambda size: listed(lambda n: f'<Obj RefId="{n}"/>', size),
    "one object of many members": lambda size: filled("<Obj><MS>", lambda n: f'<S N="{n}"/>', "</MS></Obj>", size),
    "a dictionary": lambda size: filled("<Obj><DCT>", lambda n: f'<En><S N="Key">{n}</S><Nil N="Value"/></En>', "</DCT></Obj>", size),
    "references to a wide object": lambda size: filled(f'<Obj RefId="l"><LST>{WIDE}', REFERENCE, "</LST></Obj>", size),
    "references to a long text": lambda size: filled(f'<Obj RefId="l"><LST>{TEXT}', '<Ref RefId="t"/>', "</LST></Obj>", size),
    "members that share a list": lambda size: filled(
        '<Obj><MS><Obj N="l" RefId="l"><LST>' + "<S>0123456789</S>" * 5000 + "</LST></Obj>", lambda n: f'<Ref N="{n}" RefId="l"/>', "</MS></Obj>", size),
    "deep nulls": lambda size: nested(60, "<Nil/>", size),
    "type names": lambda size: filled("<Obj><TN>", lambda n: f"<T>{n}</T>", "</TN></Obj>", size),
    "type lists": lambda size: listed(lambda n: f'<Obj><TN RefId="{n}"><T>{n}</T></TN></Obj>', size),
    "one text": lambda size: f"<S>{'x' * (size - 200)}</S>",
    "one text of tabs": lambda size: "<S>" + "\t" * (size - 200) + "</S>",
    "one text of escapes": lambda size: f"<S>{'_x0041_' * ((size - 200) // 7)}</S>",
    "one text of lines": lambda size: "<S>" + "a\n" * ((size - 200) // 2) + "</S>",
    "one name": lambda size: f'<Obj><MS><S N="{"n" * (size - 300)}">a</S></MS></Obj>',
    "one byte array": lambda size: f'<Obj><MS><BA N="a">{"AAAA" * ((size - 300) // 4)}</BA><S N="b">c</S></MS></Obj>',
    "one tag of many attributes": lambda size: filled("<S", lambda n: f' a{n:x}=""', "/>", size),
    "attributes with a prefix": lambda size: filled('<S xmlns:p="u"', lambda n: f' p:a{n:x}=""', "/>", size),
    "attributes of many names": lambda size: listed(lambda n: f'<S a{n:x}=""/>', size),
    "unknown elements": lambda size: filled(f'<Obj xmlns:p="{"u" * 500}"><LST>', "<p:a/>", "</LST></Obj>", size),
    "an error of one long text": large_error,
}
XML_ONLY = {
    "clixml, U+FFFE": lambda size: objs(f"<S>{chr(0xFFFE) * ((size - 300) // 3)}</S>").encode(),
    "clixml, UTF-16 attributes": lambda size: b"\xff\xfe" + objs(CLIXML["one tag of many attributes"](size - 200)).encode("utf-16-le"),
    "clixml, UTF-16": lambda size: b"\xff\xfe" + objs(listed("<Obj/>", size - 200)).encode("utf-16-le"),
}


def psrp_of(body):
    return f"OUTPUT {body.replace(chr(10), '&#10;')}\n".encode()


def messages(line, size):
    return filled("", line, "", size).encode()


PSRP = {
    "psrp, many messages": lambda size: messages("OUTPUT <Obj/>\n", size),
    "psrp, many lists": lambda size: messages("OUTPUT " + listed("<Obj/>", 400) + "\n", size),
    "psrp, many warnings": lambda size: messages(
        f'WARNING <Obj><MS><S N="InformationalRecord_Message">{"w" * 4000}</S></MS></Obj>\n', size),
    "psrp, dense warnings": lambda size: messages("WARNING " + listed("<Obj/>", size // 4) + "\n", size),
    "psrp, an error of one long text": lambda size: f"ERROR {large_error(size - 100)}\n".encode(),
}


def shapes():
    for name, make in JSON.items():
        yield name, "json", lambda size, make=make: make(size).encode()
    for name, make in CLIXML.items():
        yield f"clixml, {name}", "clixml", lambda size, make=make: objs(make(size - 200)).encode()
        yield f"psrp, {name}", "psrp", lambda size, make=make: psrp_of(make(size - 200))
    for name, make in XML_ONLY.items():
        yield name, "clixml", make
    for name, make in PSRP.items():
        yield name, "psrp", make


def configure(folder):
    drop = {"transport": "file", "path": f"{folder}/{{pool}}.clixml", "max_age": "1h"}
    source = {"transport": "ssh", "program": [str(SOURCE), f"{folder}/messages"], "language": "none"}
    for name, endpoints in (("agent", {POOL: drop, f"psrp-{POOL}": source}), ("slow", {POOL: drop})):
        (folder / f"{name}.yml").write_text(json.dumps({
            "endpoints": {endpoint["transport"]: endpoint for endpoint in endpoints.values()},
            "pools": [{"fqdn": pool, "endpoint": endpoint["transport"], "paired_pool": "other.litwareinc.com", "site": ""}
                      for pool, endpoint in endpoints.items()],
            "authorization": {"allow_anonymous": "loopback"}}), encoding="utf-8")


def run(program, folder, kind, form):
    """Highest resident memory in MiB of one `evaluate`, and its seconds."""
    pool = f"psrp-{POOL}" if kind == "psrp" else POOL
    arguments = [str(program), "evaluate", "--config.file", str(folder / "agent.yml"), "--as", form, pool]
    start = time.monotonic()
    with open(folder / "err", "wb") as errors:
        told = subprocess.run([sys.executable, "-S", "-E", "-c", WAITER, *arguments], stdout=subprocess.PIPE, stderr=errors, check=True, text=True)
    status, kib = map(int, told.stdout.split())
    if status not in (0, 1):
        print(f"  {kind}, {form}: ended with {status}")
    return kib / 1024, time.monotonic() - start


def worst(program, folder, kind, make):
    found = []
    for size in SIZES:
        (folder / ("messages" if kind == "psrp" else f"{POOL}.clixml")).write_bytes(make(size))
        for form in FORMS:
            mib, seconds = run(program, folder, kind, form)
            found.append(Peak(mib, size, form, seconds))
    return max(found)


def status_with(references):
    """A whole status that also holds so many references to one wide object: a small file, a large text."""
    extra = f'<Obj N="Extra" RefId="x"><LST>{WIDE}{REFERENCE * references}</LST></Obj>'
    return lab.wrapper(POOL, lab.status_object(lab.MODULES_2013).replace("<Props>", "<Props>" + extra, 1))


def slow_readers(program, folder, count, references):
    """Highest resident MiB of an agent of whom so many want the same answer, and the statuses that they got."""
    (folder / f"{POOL}.clixml").write_text(status_with(references), encoding="utf-8")
    lab.AGENT = program
    with lab.Agent(folder, config="slow.yml") as agent:
        lab.wait_for(lambda: agent.value(f'sfb_backup_up{{pool="{POOL}"}}') == 1, "the answer", 30)
        host, port = agent.address.rsplit(":", 1)
        readers = []
        for _ in range(count):
            reader = socket.socket()
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect((host, int(port)))
            reader.sendall(f"GET /api/v1/Get-CsBackupServiceStatus?PoolFqdn={POOL}&as=json&max_age=3000 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            readers.append(reader)
        found = collections.Counter()
        for reader in readers:
            reader.settimeout(60)
            found[reader.recv(12)[9:].decode()] += 1
        high = figures.highest(agent.process.pid)
        for reader in readers:
            reader.close()
    return high, ", ".join(f"{number} x {status}" for status, number in sorted(found.items()))


def main(arguments):
    parser = argparse.ArgumentParser(prog="tests/bench/run memory", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--old", type=pathlib.Path, help="an older sfb_backup_exporter")
    parser.add_argument("--only", nargs="*", default=[], help="parts of the names of shapes")
    parser.add_argument("--readers", type=int, default=60, help="who ask and do not read (60)")
    options = parser.parse_args(arguments)
    programs = {"new": lab.AGENT, **({"old": options.old} if options.old else {})}
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sfb-bench-"))
    highest = dict.fromkeys(programs, 0.0)
    try:
        configure(folder)
        print(f"{'highest resident MiB of one answer of up to 4 MiB':50}" + "".join(f"{name:>8}{'size':>10} form  " for name in programs))
        for name, kind, make in shapes():
            if options.only and not any(part in name for part in options.only):
                continue
            line = f"{name:50}"
            for which, program in programs.items():
                peak = worst(program, folder, kind, make)
                highest[which] = max(highest[which], peak.mib)
                line += f"{peak.mib:8.0f}{peak.size:10} {peak.form:6}"
            print(line, flush=True)
        print(f"{'all':50}" + "".join(f"{value:8.0f}{'':17}" for value in highest.values()))
        for references in (200, 8000):
            size = len(status_with(references))
            for which, program in programs.items():
                high, statuses = slow_readers(program, folder, options.readers, references)
                print(f"{options.readers} slow readers of an answer of {size} bytes, {which}: {high:.0f} MiB ({statuses})", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
