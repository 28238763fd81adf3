"""How much more memory an agent takes for each pool more, with history and state: at most 12 KiB."""

import gzip
import pathlib
import re
import tempfile
import time
import unittest

import lab

FEW, MANY = 1000, 9000
EVALUATIONS = 3  # the history takes its room at the first one; the second needs room for what it replaces
MOST_BYTES = 12 << 10
MOST_FEW = 64 << 20


def pool_name(number):
    return f"pool-{number:05d}.litwareinc.com"


def drop_all(folder, count):
    for number in range(count):
        pool = pool_name(number)
        status = lab.status_object(lab.MODULES_2013, {}, ActiveMachineFqdn=f"fe-{number}.litwareinc.com")
        target = folder / "exports" / f"{pool}.clixml"
        target.with_suffix(".tmp").write_text(lab.wrapper(pool, status), encoding="utf-8")
        target.with_suffix(".tmp").rename(target)


def resident(count):
    """Bytes of an agent with so many pools, history and state, each evaluated some times and shown."""
    with tempfile.TemporaryDirectory(prefix="sfb-e2e-") as name:
        folder = pathlib.Path(name)
        (folder / "exports").mkdir()
        pools = "\n".join(f"  - {{fqdn: {pool_name(number)}, endpoint: drop, paired_pool: {pool_name(number ^ 1)}, site: x}}" for number in range(count))
        (folder / "agent.yml").write_text(
            f"global: {{evaluation_interval: 1h}}\nendpoints:\n  drop: {{transport: file, path: '{folder}/exports/{{pool}}.clixml', max_age: 50m}}\n"
            f"pools:\n{pools}\nauthorization: {{allow_anonymous: loopback}}\n", encoding="utf-8")
        drop_all(folder, count)
        with lab.Agent(folder, f"--storage.path={folder}/state") as agent:
            for turn in range(1, EVALUATIONS + 1):
                if turn > 1:
                    drop_all(folder, count)
                lab.wait_for(lambda t=turn: evaluations(agent) >= t * count, f"evaluation {turn} of {count} pools", 120)
            return lab.wait_for(lambda: steady(agent.process.pid), "the memory to stay as it is", 60)


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


class Footprint(unittest.TestCase):
    def test_a_pool_takes_little(self):
        few, many = resident(FEW), resident(MANY)
        each = (many - few) / (MANY - FEW)
        print(f"{few / 2**20:.1f} MiB with {FEW} pools, {many / 2**20:.1f} with {MANY}: {each:,.0f} bytes a pool", end=" ", flush=True)
        self.assertLess(each, MOST_BYTES)
        self.assertGreater(each, 1000, "this says nothing")
        self.assertLess(few, MOST_FEW)


if __name__ == "__main__":
    unittest.main()
