#!/usr/bin/env python3
"""The manual pages: mandoc finds nothing wrong, and what --help names is what they name.

usage: man.py BUILD   exit 0 clean, 1 with one line per finding
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ROOT / "deploy" / "man"
FLAG = re.compile(r"(?<![\w-])(--?[A-Za-z?][A-Za-z0-9.-]*)(?!\w)")


def flags_of_help(*command):
    shown = subprocess.run([*command, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
    # Flags are those of the usage and of the list, not words of a sentence.
    shown = re.sub(r"`[^`]*`|Format-\w+( -\w+)?|pwsh -\w+", "", shown)
    return {flag.rstrip(".,:") for flag in FLAG.findall(shown)}


def flags_of_page(page):
    text = (PAGES / page).read_text(encoding="utf-8").replace(r"\&", "")
    # `Fl -as` is --as, `Fl h` is -h.
    return {f"-{word}" for word in re.findall(r"\bFl (\S+)", text)}


def commands_of_page():
    text = (PAGES / "Get-CsBackupServiceStatus.1").read_text(encoding="utf-8")
    return set(re.findall(r"^\.Nm (\S+)", text.split(".Sh SYNOPSIS", maxsplit=1)[0], re.M))


def compare(what, page, program):
    return [f"{what}: {flag} of --help is not in the page" for flag in sorted(program - page)] + [
        f"{what}: {flag} of the page is not in --help" for flag in sorted(page - program)]


def findings(build):
    found = []
    for page in sorted(PAGES.iterdir()):
        lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True, check=False)
        found += lint.stdout.splitlines()
    agent = build / "agent" / "app" / "sfb_backup_exporter"
    found += compare("sfb_backup_exporter.8", flags_of_page("sfb_backup_exporter.8"),
                     flags_of_help(agent).union(*(flags_of_help(agent, command) for command in ("evaluate", "discover", "render", "health"))))
    simulator = build / "tests" / "simulator" / "sfb_backup_simulator"
    found += compare("sfb_backup_simulator.1", flags_of_page("sfb_backup_simulator.1"), flags_of_help(simulator))
    client = build / "agent" / "client"
    names = {path.name for path in client.glob("Get-Cs*") if not path.is_dir()}
    found += compare("Get-CsBackupServiceStatus.1, names", commands_of_page(), names)
    # Parameters that other cmdlets have and we only hand on are theirs to explain.
    found += compare("Get-CsBackupServiceStatus.1", flags_of_page("Get-CsBackupServiceStatus.1") - {"-Via"},
                     flags_of_help(client / "Get-CsBackupServiceStatus"))
    example = (ROOT / "config" / "sfb_backup_exporter.yml").read_text(encoding="utf-8")
    keys = re.findall(r"\bCm (\w+)", (PAGES / "sfb_backup_exporter.yml.5").read_text(encoding="utf-8"))
    found += [f"sfb_backup_exporter.yml.5: {key} is not in the example" for key in keys
              if not re.search(rf"(?m)^[# -]*({key}:|{key}\b|.*\b{key}   )|, {key} ", example)]
    sections = re.findall(r"(?m)^(?:# )?([a-z_]+):(?: *$| \{)", example)
    page = (PAGES / "sfb_backup_exporter.yml.5").read_text(encoding="utf-8")
    return found + [f"sfb_backup_exporter.yml.5: the section {section} is missing" for section in sections
                    if f".Ss {section}\n" not in page]


def main():
    found = findings(pathlib.Path(sys.argv[1]))
    print("\n".join(found) if found else "the manual pages fit")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
