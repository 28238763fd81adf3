#!/usr/bin/env python3
"""Arrows between rooms and file length.

A room is a folder with `sfb_room(NAME ... ROOMS ...)` in its CMakeLists.txt. A file may include headers of its own
room and of every room reachable through ROOMS. Only the rooms named in ASIO_ROOMS may include Asio. The engine's files
but engine.hpp and engine.cpp reach no Asio, not even through another header. No .cpp or .hpp file has more than 400
lines, files named *_data.* or *_table.* apart.

usage: arrows.py [ROOT]   exit 0 clean, 1 with one line per finding, 2 when the tree cannot be read
"""

import re
import sys
from pathlib import Path

from findings import report

MAX_LINES = 400
ASIO_ROOMS = {"net", "os", "http", "remote", "engine", "app"}
ASIO_FILES = re.compile(r"agent/(serve/live[^/]*|access/basic_users\.[hc]pp)$")
ASIO_FREE = re.compile(r"agent/engine/(?!engine\.)")
CODE = ("agent", "collectors", "config")
ROOM = re.compile(r"sfb_room\(\s*NAME\s+(\w+)(.*?)\)", re.S)
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.M)
KEYWORDS = {"SOURCES", "ROOMS", "LIBS", "PRIVATE_LIBS"}


def read_rooms(root):
    """Folder -> (name, allowed rooms), from the CMake files."""
    rooms = {}
    for top in CODE:
        for cmake in sorted((root / top).rglob("CMakeLists.txt")):
            for name, body in ROOM.findall(cmake.read_text(encoding="utf-8")):
                words, allowed, key = body.split(), [], None
                for word in words:
                    if word in KEYWORDS:
                        key = word
                    elif key == "ROOMS":
                        allowed.append(word)
                rooms[cmake.parent.relative_to(root).as_posix()] = (name, allowed)
    return rooms


def closure(rooms):
    """Name -> every room reachable through its arrows, itself included. A cycle is an error."""
    arrows = {name: allowed for name, allowed in rooms.values()}
    reach = {}

    def visit(name, path):
        if name in path:
            raise ValueError("arrows form a circle: " + " -> ".join(path + [name]))
        if name not in arrows:
            raise ValueError(f"{path[-1] if path else '?'}: unknown room {name}")
        if name not in reach:
            found = {name}
            for other in arrows[name]:
                found |= visit(other, path + [name])
            reach[name] = found
        return reach[name]

    for name in arrows:
        visit(name, [])
    return reach


def room_of(path, rooms):
    """The room of a file: the deepest folder with a room above it."""
    for parent in Path(path).parents:
        if parent.as_posix() in rooms:
            return rooms[parent.as_posix()][0]
    return None


def is_asio(target):
    return target.startswith(("boost/asio", "boost/beast"))


def way_to_asio(root, path, seen):
    """The chain of includes from a file to Asio, or an empty list."""
    file = root / path
    if path in seen or not file.is_file():
        return []
    seen.add(path)
    for target in INCLUDE.findall(file.read_text(encoding="utf-8")):
        rest = [target] if is_asio(target) else way_to_asio(root, target, seen)
        if rest:
            return [path] + rest
    return []


def check(root):
    findings = []
    rooms = read_rooms(root)
    if not rooms:
        raise ValueError(f"no rooms below {root}")
    reach = closure(rooms)
    for top in CODE + ("tests",):
        for file in sorted((root / top).rglob("*.[ch]pp")):
            path = file.relative_to(root).as_posix()
            text = file.read_text(encoding="utf-8")
            lines = text.count("\n")
            if lines > MAX_LINES and not re.search(r"_(data|table)\.[ch]pp$", path):
                findings.append(f"{path}:1: {lines} lines, at most {MAX_LINES}: split it")
            if top == "tests":
                continue
            own = room_of(path, rooms)
            if own is None:
                findings.append(f"{path}:1: lies in no room (no sfb_room above it)")
                continue
            way = way_to_asio(root, path, set()) if ASIO_FREE.match(path) else []
            if way:
                findings.append(f"{path}:1: must not reach Asio: " + " -> ".join(way))
            for match in INCLUDE.finditer(text):
                target, line = match.group(1), text.count("\n", 0, match.start()) + 1
                if is_asio(target):
                    if own not in ASIO_ROOMS and not ASIO_FILES.search(path):
                        findings.append(f"{path}:{line}: {own} must not know Asio ({target})")
                elif target.startswith("tests/"):
                    findings.append(f"{path}:{line}: product code includes {target}")
                elif target.split("/")[0] in CODE:
                    other = room_of(target, rooms)
                    if other is None or not (root / target).is_file():
                        findings.append(f"{path}:{line}: {target} is not in any room")
                    elif other not in reach[own]:
                        findings.append(f"{path}:{line}: no arrow from {own} to {other} ({target})")
    return findings


if __name__ == "__main__":
    sys.exit(report("arrows", check))
