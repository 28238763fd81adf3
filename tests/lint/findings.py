"""How a lint that reads the tree tells what it found."""

import sys
from pathlib import Path


def report(name, check):
    """check(root) gives findings, a line each. Exit 0: none; 1: some, printed; 2: the tree cannot be read."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2])
    try:
        findings = check(root)
    except (OSError, ValueError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    for finding in findings:
        print(finding)
    return 1 if findings else 0
