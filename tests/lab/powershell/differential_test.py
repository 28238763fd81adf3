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

import engine_lab
import lab

engine_lab.require()

SEED = os.environ.get("SFB_SEED", "1")
DOCUMENTS, LINES = 2000, 500
DRIVER = os.environ["SFB_LAB_DRIVER"]


class Differential(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="sfb-differential-"))
        cls.failed = False
        made = lab.run("generate", str(cls.folder), "--seed", SEED, "--count", str(DOCUMENTS), timeout=800)
        if made.returncode != 0:
            raise RuntimeError(f"sfb_lab generate: {made.stderr}")

    @classmethod
    def tearDownClass(cls):
        if not cls.failed:
            shutil.rmtree(cls.folder)

    def compare(self, kind, place, least):
        """`least`: so many comparisons there must be, for clixml each way."""
        result = subprocess.run([DRIVER, kind, str(place), str(least)], capture_output=True, text=True, check=False)
        sys.stderr.write(result.stdout + result.stderr)
        type(self).failed |= result.returncode != 0
        self.assertEqual(result.returncode, 0, f"{kind}: the product differs from the engine; seed {SEED}, input kept in {self.folder}")

    def test_binding(self):
        made = lab.run("bind", "--seed", SEED, "--count", str(LINES))
        self.assertEqual(made.returncode, 0, made.stderr)
        table = self.folder / "lines.tsv"
        table.write_text(made.stdout, encoding="utf-8")
        self.compare("binding", table, LINES)

    def test_clixml(self):
        self.compare("clixml", self.folder, DOCUMENTS // 2)

    def test_text(self):
        self.compare("text", self.folder, DOCUMENTS)


if __name__ == "__main__":
    unittest.main()
