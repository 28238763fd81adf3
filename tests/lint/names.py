#!/usr/bin/env python3
"""A source has its header, a test its source.

Each .cpp file of agent/, collectors/ and config/ has a .hpp file of the same name beside it and includes it first;
main.cpp and boost_impl.cpp apart.

A test is called after what it tests, so that either is found from the other. The room of tests/KIND/ROOM is agent/ROOM,
ROOM (config, collectors) or tests/ROOM (simulator). There, x_test.cpp and, for a topic of it, x_topic_test.cpp are about
x.hpp of the room. A test of the room as a whole begins with the name of its folder instead (config_bad_test.cpp).
tests/property is a room of its own.

usage: names.py [ROOT]   exit 0 clean, 1 with one line per finding, 2 when the tree cannot be read
"""

import re
import sys
from pathlib import Path

from findings import report

CODE = ("agent", "collectors", "config")
KINDS = ("unit", "integration", "property")
ALONE = {"main.cpp", "boost_impl.cpp"}
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.M)


def source_findings(root, file):
    path, header = file.relative_to(root).as_posix(), file.with_suffix(".hpp")
    if file.name in ALONE:
        return []
    if not header.is_file():
        return [f"{path}:1: has no {header.name} beside it"]
    first = INCLUDE.search(file.read_text(encoding="utf-8"))
    own = header.relative_to(root).as_posix()
    return [] if first and first.group(1) == own else [f"{path}:1: does not include {own} first"]


def test_findings(root, file):
    path = file.relative_to(root)
    kind, room = path.parts[1], Path(*path.parts[2:-1])
    words = file.stem.split("_")[:-1]
    names = {"_".join(words[:count]) for count in range(1, len(words) + 1)}
    folders = [root / "agent" / room, root / room, root / "tests" / room]
    if room == Path("."):
        folders = [file.parent]
    about = {header.stem for folder in folders for header in folder.glob("*.hpp")}
    about.add(room.name if room != Path(".") else kind)
    return [] if names & about else [f"{path.as_posix()}:1: is not called after a header of its room or after the room"]


def check(root):
    sources = [file for top in CODE for file in sorted((root / top).rglob("*.cpp"))]
    if not sources:
        raise ValueError(f"no sources below {root}")
    findings = []
    for file in sources:
        findings += source_findings(root, file)
    for kind in KINDS:
        for file in sorted((root / "tests" / kind).rglob("*_test.cpp")):
            findings += test_findings(root, file)
    return findings


if __name__ == "__main__":
    sys.exit(report("names", check))
