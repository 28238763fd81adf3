"""What the tests of this folder share: where the lab is, and what happens where it is not."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = Path(os.environ.get("SFB_LAB", Path(__file__).resolve().parents[3] / "build/lab/sfb_lab"))
SERVER = [str(PROGRAM), "-s", "-NoLogo", "-NoProfile"]
SKIPPED = 77  # SKIP_RETURN_CODE of ctest


def require():
    """Ends the test as skipped, with the reason, where the lab could not be built."""
    reason = PROGRAM.parent / "unavailable"
    if reason.exists():
        why = reason.read_text(encoding="utf-8").strip()
    elif not PROGRAM.exists():
        why = "engine lab: not built; run tests/lab/powershell/build"
    else:
        return
    print(f"SKIPPED: {why}")
    sys.exit(SKIPPED)


def session(name):
    """Arguments for a session configuration."""
    return ["-ConfigurationFile", str(PROGRAM.parent / "sessions" / f"{name}.pssc")]


def module(name):
    """Arguments for a variant of the module."""
    return ["-Modules", str(PROGRAM.parent / "modules" / name)]


def run(*arguments, timeout=300):
    """Runs the lab to its end, in UTC."""
    return subprocess.run([str(PROGRAM), *arguments], capture_output=True, text=True, timeout=timeout, check=False, env={**os.environ, "TZ": "UTC"})


def scenario(folder, text):
    """Arguments for a scenario of one's own."""
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".json", delete=False, encoding="utf-8") as file:
        file.write(text)
    return ["-Scenario", file.name]
