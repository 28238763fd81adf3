"""Debian's Chromium for the tests: the scripts of tests/browser, which look at the agent's pages."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess

import lab

FOLDER = lab.ROOT / "build" / "browser"


def demand():
    """Ends the test program as skipped where there is no browser. To be called by setUpModule."""
    if shutil.which(os.environ.get("SFB_CHROMIUM", "chromium")) is None:
        lab.skip_module("chromium is not installed: deploy/packages test")
    reason = FOLDER / "unavailable"
    if not (FOLDER / "node_modules").is_dir():
        lab.skip_module(reason.read_text(encoding="utf-8").strip() if reason.exists() else "tests/browser/build did not run")


def pictures():
    """The folder that SFB_PICTURES names, where pictures of what was seen are kept; None without it."""
    folder = os.environ.get("SFB_PICTURES")
    if folder:
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    return folder


def _command(script, task):
    return {"args": ["node", str(lab.ROOT / "tests" / "browser" / script), json.dumps(task)], "text": True,
            "env": {**os.environ, "NODE_PATH": str(FOLDER / "node_modules")}}


def look(script, task, quiet=False):
    """Runs a script to its end and returns what it said, which is also printed; each failed check of it is a failure here."""
    done = subprocess.run(**_command(script, task), capture_output=True, check=False)
    if not quiet:
        print(done.stdout, done.stderr, flush=True)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    return done.stdout


@contextlib.contextmanager
def watching(script, task):
    """A script beside the test: its process. Ended by pid where it has not ended by itself."""
    with subprocess.Popen(**_command(script, task), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            yield process
        finally:
            lab.stop(process)
