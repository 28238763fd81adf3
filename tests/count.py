#!/usr/bin/env python3
"""Runs ctest and counts: GoogleTest cases one by one, every other test as one.

usage: count.py BUILD_DIR [CTEST ARGUMENT...]
The last line is `N passed, N failed, N skipped`; what was skipped (and why), whole or in part, or failed is named before it. Exit 1 when anything failed or nothing ran.
"""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from pathlib import Path


def gtest_cases(folder):
    """Test program -> list of (case, outcome, reason of a skip) from GoogleTest's reports."""
    programs = {}
    for report in sorted(Path(folder).glob("*.xml")):
        cases = []
        for case in xml.parse(report).iter("testcase"):
            name = f"{case.get('classname')}.{case.get('name')}"
            if case.find("failure") is not None:
                cases.append((name, "failed", ""))
            elif case.get("result") == "skipped" or case.find("skipped") is not None:
                cases.append((name, "skipped", gtest_reason(case.find("skipped"))))
            elif case.get("status") == "run":
                cases.append((name, "passed", ""))
        programs[report.stem] = cases
    return programs


def gtest_reason(skipped):
    """What GTEST_SKIP was given; its first line is the place in the source."""
    text = "" if skipped is None else skipped.get("message") or ""
    return " ".join(text.split("\n", 1)[-1].split())


def skip_reasons(test):
    """What another test said was left out, each in a line `SKIPPED: why`."""
    lines = (test.findtext("system-out") or "").splitlines()
    return [line.removeprefix("SKIPPED: ") for line in lines if line.startswith("SKIPPED: ")]


def main():
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    build = Path(sys.argv[1])
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    notable = []
    with tempfile.TemporaryDirectory() as reports:
        # Four slots a core: most tests wait for something. Those that compute declare 4 PROCESSORS, which is a whole core.
        junit = Path(reports) / "ctest.junit"
        command = ["ctest", "--test-dir", str(build), "--output-on-failure", "--no-tests=error", "--test-output-size-passed", "1000000",
                   "-j", str(4 * (os.cpu_count() or 2)), "--output-junit", str(junit), *sys.argv[2:]]
        code = subprocess.run(command, env={**os.environ, "GTEST_OUTPUT": f"xml:{reports}/"}, check=False).returncode
        programs = gtest_cases(reports)
        suite = xml.parse(junit).getroot() if junit.exists() else []
        for test in suite:
            if test.tag != "testcase":
                continue
            name, status = test.get("name"), test.get("status")
            program = "test_" + name.removeprefix("unit.").replace(".", "_")
            cases = programs.get(program, [])
            broken = status == "fail" and not any(outcome == "failed" for _, outcome, _ in cases)
            if not cases or broken:  # not GoogleTest, or it died before its report was whole
                outcome = {"run": "passed", "fail": "failed"}.get(status, "skipped")
                reasons = skip_reasons(test)
                cases = [*cases, (name, outcome, "; ".join(reasons) if outcome == "skipped" else "")]
                notable += [f"skipped in part: {name}: {reason}" for reason in reasons if outcome != "skipped"]
            for case, outcome, reason in cases:
                counts[outcome] += 1
                if outcome != "passed":
                    notable.append(f"{outcome}: {name}{'' if case == name else ' ' + case}{reason and ': ' + reason}")
    for line in notable:
        print(line)
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if code != 0 or counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
