"""A fresh conversation of Microsoft's client with Microsoft's server: the product reads every message of it and comes to the same end as that client."""

import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import engine_lab
import lab

engine_lab.require()

POOLS = ["healthy", "failing", "five", "one", "no-module", "unknown-module", "none", "null", "two", "rows", "text", "error", "only-error", "throw", "status-throw",
         "crash", "warning", "streams", "host", "nobody"]


class Conversation(unittest.TestCase):
    def test_the_product_reads_it_as_microsofts_client_does(self):
        for module in ("plain", "depth2"):
            with self.subTest(module), tempfile.TemporaryDirectory() as folder:
                log = Path(folder) / "lines"
                runs = [word for pool in POOLS for word in ("--command", "Get-CsBackupServiceStatus", "--parameter", f"PoolFqdn={pool}.example.com")]
                runs += ["--command", "Get-CsBackupServiceStatus", "--parameter", "PoolFqdn=slow.example.com", "--stop-after", "0.2"]
                runs += ["--script", "$input", "--input", "12", "--input", '["a",1]', "--script", "Get-Nothing", "--script", "'unclosed", "--script", "1..3 | ConvertTo-Json"]
                made = lab.run("client", "--timeout", "120", "--log", str(log), *runs, "--", *lab.SERVER, *lab.module(module))
                self.assertEqual(made.returncode, 1, made.stdout + made.stderr)  # some runs are meant to fail
                read = subprocess.run([os.environ["SFB_LAB_DRIVER"], "conversation", str(log)], capture_output=True, text=True, check=False)
                self.assertEqual(read.returncode, 0, read.stdout + read.stderr)
                self.assertEqual(re.findall(r"^run (\w+) (\d+) (\d+) (\d+)$", read.stdout, re.M), self.ends(made.stdout))

    def ends(self, printed):
        """State, objects, errors and warnings of each run, as Microsoft's client had them; its terminating error is one."""
        lines = [json.loads(line) for line in printed.splitlines()]
        found = []
        for end in (line for line in lines if line["stream"] == "end"):
            count = {stream: sum(line["stream"] == stream and line.get("run") == end["run"] for line in lines) for stream in ("output", "error", "warning")}
            found.append((end["state"], str(count["output"]), str(count["error"] + (end["error"] is not None)), str(count["warning"])))
        return found


if __name__ == "__main__":
    unittest.main()
