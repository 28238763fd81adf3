"""The logons of the image: its program, with its libraries and modules alone, logs on at simulated front ends.

Run by container.sh, with SFB_IMAGE_ROOT: the root of the image, as a folder.
"""

import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from logon_lab import LogonTest  # noqa: E402

ROOT = Path(os.environ["SFB_IMAGE_ROOT"])


class Logons(LogonTest):
    def evaluate_in_image(self):
        """What `evaluate` says in the image, as its account."""
        there = ROOT / "etc" / "sfb_backup_exporter"
        for name in ("agent.yml", "monitoring.password"):
            shutil.copy(self.folder / name, there / name)
            os.chown(there / name, 65532, 65532)
        shutil.copy("/etc/hosts", ROOT / "etc" / "hosts")
        # As a runtime of containers makes it: with /proc and /dev.
        script = f"""mkdir -p {ROOT}/proc {ROOT}/dev && mount -t proc proc {ROOT}/proc && mount --rbind /dev {ROOT}/dev &&
          exec env -i /usr/sbin/chroot --userspec=65532:65532 {ROOT} /usr/bin/sfb_backup_exporter evaluate \\
            --config.file=/etc/sfb_backup_exporter/agent.yml fe.example.com"""
        return subprocess.run(["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, timeout=60, check=False)

    def test_kerberos(self):
        realm = self.realm()
        with self.front_end(realm) as servers:
            self.configure_logon(servers, realm)
            shown = self.evaluate_in_image()
            self.assertEqual(shown.returncode, 0, shown.stdout + shown.stderr)
            self.assertEqual(servers.status()["last_logon"]["method"], "kerberos")

    def test_ntlm(self):
        with self.front_end() as servers:
            self.configure_logon(servers, method="ntlm")
            shown = self.evaluate_in_image()
            self.assertEqual(shown.returncode, 0, shown.stdout + shown.stderr)
            self.assertEqual(servers.status()["last_logon"]["method"], "ntlm")


if __name__ == "__main__":
    unittest.main(verbosity=2)
