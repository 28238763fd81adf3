"""What the tests of this folder share: the lab's command line."""

import os
import subprocess
import tempfile

from engine_lab import PROGRAM

SERVER = [str(PROGRAM), "-s", "-NoLogo", "-NoProfile"]


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
