"""How much more memory an agent takes for each pool more, with history and state: at most 12 KiB."""

import gzip
import pathlib
import re
import time
import unittest

import lab
from lab import LabTest

FEW, MANY = 1000, 9000
EVALUATIONS = 3  # the history takes its room at the first one; the second needs room for what it replaces
MOST_BYTES = 12 << 10
MOST_FEW = 64 << 20


def pool_name(number):
    return f"pool-{number:05d}.litwareinc.com"


def steady(pid):
    """What is resident, where it is the same a second later: the state is written."""
    sizes = []
    for _ in range(2):
        status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        sizes.append(1024 * int(re.search(r"VmRSS:\s+(\d+)", status).group(1)))
        time.sleep(1)
    return sizes[0] if abs(sizes[1] - sizes[0]) < 1 << 18 else None


def evaluations(agent):
    time.sleep(0.5)  # a page of so many pools takes as long as many evaluations
    page = gzip.decompress(agent.request("/metrics", {"Accept-Encoding": "gzip"}).body)
    return int(re.search(rb"\nsfb_backup_evaluation_duration_seconds_count (\d+)", page).group(1))


class Footprint(LabTest):
    def drop_all(self, count):
        for number in range(count):
            status = lab.status_object(lab.MODULES_2013, {}, ActiveMachineFqdn=f"fe-{number}.litwareinc.com")
            self.drop(pool_name(number), lab.wrapper(pool_name(number), status))

    def resident(self, count):
        """Bytes of an agent with so many pools, history and state, each evaluated some times and shown."""
        pools = "\n".join(f"  - {{fqdn: {pool_name(number)}, endpoint: drop, paired_pool: {pool_name(number ^ 1)}, site: x}}" for number in range(count))
        (self.folder / "agent.yml").write_text(
            f"global: {{evaluation_interval: 1h}}\nendpoints:\n  drop: {{transport: file, path: '{self.folder}/exports/{{pool}}.clixml', max_age: 50m}}\n"
            f"pools:\n{pools}\nauthorization: {{allow_anonymous: loopback}}\n", encoding="utf-8")
        self.drop_all(count)
        with self.agent(f"--storage.path={self.folder}/state-{count}") as agent:
            for turn in range(1, EVALUATIONS + 1):
                if turn > 1:
                    self.drop_all(count)
                self.wait(lambda t=turn: evaluations(agent) >= t * count, f"evaluation {turn} of {count} pools", 120)
            return self.wait(lambda: steady(agent.process.pid), "the memory to stay as it is", 60)

    def test_a_pool_takes_little(self):
        few, many = self.resident(FEW), self.resident(MANY)
        each = (many - few) / (MANY - FEW)
        print(f"{few / 2**20:.1f} MiB with {FEW} pools, {many / 2**20:.1f} with {MANY}: {each:,.0f} bytes a pool", end=" ", flush=True)
        self.assertLess(each, MOST_BYTES)
        self.assertGreater(each, 1000, "this says nothing")
        self.assertLess(few, MOST_FEW)


if __name__ == "__main__":
    unittest.main()
