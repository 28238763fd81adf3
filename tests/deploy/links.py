#!/usr/bin/env python3
"""Every relative link of every document below a folder leads to a file or folder below it, and its anchor to a heading.

usage: links.py FOLDER   exit 0 clean, 1 with one line per finding, 2 when there is no document
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lint"))
from docs import Checker  # noqa: E402
from findings import report  # noqa: E402


def check(root):
    checker = Checker(root)
    documents = [path for path in checker.files if path.endswith(".md")]
    if not documents:
        raise ValueError(f"no documents below {root}")
    for path in documents:
        checker.check_links(path, checker.read(path) or "")
    return checker.findings


if __name__ == "__main__":
    sys.exit(report("links", check))
