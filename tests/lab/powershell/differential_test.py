"""What Microsoft's engine makes of generated input against what this product makes of it, byte for byte.

SFB_SEED takes another seed (a nightly run); a failure names it, and its input is kept for a look.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import lab

lab.require()

SEED = os.environ.get("SFB_SEED", "1")
DRIVER = os.environ["SFB_LAB_DRIVER"]


class Differential(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="sfb-differential-"))
        self.addCleanup(lambda: None if self.failed else shutil.rmtree(self.folder))
        self.failed = True

    def compare(self, kind, place):
        result = subprocess.run([DRIVER, kind, str(place)], capture_output=True, text=True, check=False)
        sys.stderr.write(result.stdout + result.stderr)
        self.assertEqual(result.returncode, 0, f"{kind}: the product differs from the engine; seed {SEED}, input kept in {self.folder}")
        self.failed = False

    def generate(self, count):
        made = lab.run("generate", str(self.folder), "--seed", SEED, "--count", str(count), timeout=800)
        self.assertEqual(made.returncode, 0, made.stderr)

    def test_binding(self):
        made = lab.run("bind", "--seed", SEED, "--count", "500")
        self.assertEqual(made.returncode, 0, made.stderr)
        table = self.folder / "lines.tsv"
        table.write_text(made.stdout, encoding="utf-8")
        self.compare("binding", table)

    def test_clixml(self):
        self.generate(1000)
        self.compare("clixml", self.folder)


if __name__ == "__main__":
    unittest.main()
