#!/usr/bin/env python3
"""Documents that are named, linked and read.

- A document that any text file names exists: beside the file, from the root, or among the installed documents. So does
  the heading, where one is named behind it: in double quotes behind a comma, or as an anchor.
- A relative link of a Markdown file leads to a file or folder, and its `#anchor` to a heading.
- A line of a Markdown file has at most 120 characters, unless it is one word that cannot be broken.

Golden files and fuzz corpora are data: what they name is not looked at.

usage: docs.py [ROOT]   exit 0 clean, 1 with one line per finding, 2 when the tree cannot be read
"""

import os
import re
import sys
from pathlib import Path

from findings import report

MAX_LINE = 120
SKIPPED_FOLDERS = {"build", "__pycache__", "bin", "obj"}
DATA = re.compile(r"tests/(golden|fuzz/corpus)/")
INSTALLED = "/usr/share/doc/sfb-backup-exporter/"
# What stands before a name that is put together elsewhere: `$rules/`, `{folder}/`.
NAME = re.compile(r"([\w.~$@{}%:/\\-]*[\w-]\.md)\b(?:#([\w-]+)|, \"([^\"\n]+)\")?")
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
DEFINITION = re.compile(r"^\s{0,3}\[[^\]]+\]:\s*<?([^\s>]+)>?")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*\s*$")
FENCE = re.compile(r"^\s*(```|~~~)")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def files_of(root):
    """Every file of the project, by its path from the root."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS and (f[0] != "." or f == ".ci"))
        found += [(Path(folder) / name).relative_to(root).as_posix() for name in sorted(names)]
    return found


def prose(text):
    """The lines outside of fences, numbered, without what stands in backquotes."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if FENCE.match(line):
            inside = not inside
        elif not inside:
            yield number, re.sub(r"`[^`]*`", "", line)


def headings_of(text):
    """Titles, and their anchors as GitHub makes them."""
    titles, anchors, inside = set(), set(), False
    for line in text.splitlines():
        if FENCE.match(line):
            inside = not inside
        match = None if inside else HEADING.match(line)
        if not match:
            continue
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match[1]).replace("`", "").replace("*", "")
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        titles.add(title)
        count = 0
        while (anchor := slug if count == 0 else f"{slug}-{count}") in anchors:
            count += 1
        anchors.add(anchor)
    return titles, anchors


class Checker:
    def __init__(self, root):
        self.root = root
        self.files = files_of(root)
        self.by_name = {}
        for path in self.files:
            self.by_name.setdefault(path.rsplit("/", 1)[-1], []).append(path)
        self.headings = {}
        self.findings = []

    def say(self, path, number, text):
        self.findings.append(f"{path}:{number}: {text}")

    def read(self, path):
        data = (self.root / path).read_bytes()
        return None if b"\0" in data else data.decode("utf-8", errors="replace")

    def headings_in(self, path):
        if path not in self.headings:
            self.headings[path] = headings_of(self.read(path) or "")
        return self.headings[path]

    def candidates(self, path, name):
        """The documents that a name in this file may mean."""
        if name.startswith(INSTALLED) or re.search(r"[$@{}%\\]", name):
            return self.by_name.get(name.rsplit("/", 1)[-1].rsplit("}", 1)[-1], [])
        here = os.path.normpath(os.path.join(os.path.dirname(path), name))
        return [found for found in (here, os.path.normpath(name)) if (self.root / found).is_file()]

    def check_names(self, path, text):
        for number, line in enumerate(text.splitlines(), 1):
            for match in NAME.finditer(line):
                name, anchor, title = match.groups()
                name = name.removeprefix("file://")
                if SCHEME.match(name) or line[: match.start()].endswith("://"):
                    continue  # somebody else's
                found = self.candidates(path, name)
                if not found:
                    self.say(path, number, f"names {name}, which does not exist")
                elif anchor and not any(anchor in self.headings_in(each)[1] for each in found):
                    self.say(path, number, f"names {name}#{anchor}, a heading that does not exist")
                elif title and not any(title in self.headings_in(each)[0] for each in found):
                    self.say(path, number, f'names {name}, "{title}", a heading that does not exist')

    def check_links(self, path, text):
        for number, line in prose(text):
            for target in LINK.findall(line) + DEFINITION.findall(line):
                if SCHEME.match(target):
                    continue
                place, _, anchor = target.partition("#")
                linked = os.path.normpath(os.path.join(os.path.dirname(path), place)) if place else path
                if not (self.root / linked).exists() or linked.startswith(".."):
                    self.say(path, number, f"links to {target}, which leads nowhere")
                elif anchor and linked.endswith(".md") and anchor not in self.headings_in(linked)[1]:
                    self.say(path, number, f"links to {target}, a heading that does not exist")

    def check_width(self, path, text):
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > MAX_LINE and len(line.split()) > 1:
                self.say(path, number, f"{len(line)} characters, at most {MAX_LINE}")

    def run(self):
        if not any(path.endswith(".md") for path in self.files):
            raise ValueError(f"no documents below {self.root}")
        for path in self.files:
            document = path.endswith(".md")
            if DATA.match(path) and not document:
                continue
            text = self.read(path)
            if text is None:
                continue
            self.check_names(path, text)
            if document:
                self.check_links(path, text)
                self.check_width(path, text)
        return self.findings


if __name__ == "__main__":
    sys.exit(report("docs", lambda root: Checker(root).run()))
