#!/usr/bin/env python3
"""The page of error codes has an entry for each code of the source, and no other.

A code is a whole string literal `area.what` in agent, collectors and config. Some are put together; the places are
known here. The entries of the page are the codes in backquotes before the colon of each bullet of its section
"All codes".

usage: codes.py [ROOT]   exit 0 clean, 1 with one line per finding, 2 when the tree cannot be read
"""

import re
import sys

from findings import report

PAGE = "deploy/runbooks/codes.md"
SECTION = "## All codes"
SOURCES = ("agent", "collectors", "config")
CODE = r"[a-z][a-z0-9]*\.[a-z][a-z0-9_]*"
LITERAL = re.compile(rf'"({CODE})"')
# Of a session, with the name of its transport before it.
OF_SESSION = re.compile(r'\b(?:code|lost)\("([a-z_]+)"|"\{\}\.([a-z_]+)",\s*options_\.transport')
SESSIONS = "agent/remote/session/"
TRANSPORTS = ("winrm", "ssh")
# `xml.` becomes `clixml.` there, but for two that are `clixml.syntax`.
RENAMES = "agent/clixml/clixml.cpp"
# Names of files and keys that look like codes.
NO_CODES = {"krb5.conf", "limits.object", "state.db", "state.lock"}
ENTRY = re.compile(r"^- (.*?): ", re.DOTALL | re.MULTILINE)


def codes_of(root):
    """Every code, with the file and line of its first place."""
    found = {}
    for folder in SOURCES:
        for file in sorted((root / folder).rglob("*.[ch]pp")):
            path, text = file.relative_to(root).as_posix(), file.read_text(encoding="utf-8")
            for match in LITERAL.finditer(text):
                if match[1] not in NO_CODES:
                    found.setdefault(match[1], f"{path}:{text.count(chr(10), 0, match.start()) + 1}")
            if path.startswith(SESSIONS):
                for match in OF_SESSION.finditer(text):
                    for transport in TRANSPORTS:
                        found.setdefault(f"{transport}.{match[1] or match[2]}", f"{path}:{text.count(chr(10), 0, match.start()) + 1}")
    if (root / RENAMES).is_file():
        for code in [code for code in found if code.startswith("xml.") and code not in ("xml.syntax", "xml.doctype")]:
            found.setdefault(f"cli{code}", f"{RENAMES}:1")
    return found


def entries_of(text):
    """Every code of the page's section, with its line."""
    begin = text.find(SECTION)
    if begin < 0:
        raise ValueError(f"{PAGE} has no section {SECTION}")
    end = text.find("\n## ", begin + 1)
    section = text[begin:end if end >= 0 else len(text)]
    return [(code, text.count("\n", 0, begin + match.start()) + 1)
            for match in ENTRY.finditer(section) for code in re.findall(rf"`({CODE})`", match[1])]


def findings(root):
    codes = codes_of(root)
    if not codes:
        raise ValueError(f"no codes below {root}")
    entries = entries_of((root / PAGE).read_text(encoding="utf-8"))
    known = {code for code, _ in entries}
    said = [f"{place}: {code} has no entry in {PAGE}" for code, place in codes.items() if code not in known]
    said += [f"{PAGE}:{line}: no source has {code}" for code, line in entries if code not in codes]
    names = [code for code, _ in entries]
    said += [f"{PAGE}:{line}: {code} has two entries" for at, (code, line) in enumerate(entries) if code in names[:at]]
    return said


if __name__ == "__main__":
    sys.exit(report("codes", findings))
