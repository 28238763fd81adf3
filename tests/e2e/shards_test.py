"""--shard and --total-shards: all parts together are the whole, each knows what belongs to the others, and Prometheus' own hashmod picks
the same pools."""

import contextlib
import re
import shutil
import signal
import subprocess
import unittest

import yaml

import lab
from lab import Agent, LabTest
from watchers import Prometheus

NAMES = ["atl", "chi", "den", "elp", "fra", "mun", "nyc", "par", "rom", "sea", "tor", "vie"]
POOLS = {f"{name}.example.com": f"{NAMES[i ^ 1]}.example.com" for i, name in enumerate(NAMES)}
# What goes on while the pages are read: the names must be the same, not the values.
MOVING = re.compile(r"sfb_backup_(evaluation|last_evaluation_(timestamp|duration)|module_(export|import)_state_change)")


def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=lab.WAIT, check=False)


def pool_series(agents):
    """{series: value, None where it moves} of all pool families of these agents, each series once."""
    found = {}
    for agent in agents:
        for line in agent.metrics().splitlines():
            if line.startswith("sfb_backup_") and re.search(r'[{,]pool="', line):
                series, value = line.rsplit(" ", 1)
                assert series not in found, f"{series} at two agents"
                found[series] = None if MOVING.match(series) else value
    return found


def example(number):
    """The jobs of one of the scrape configurations on the page."""
    page = (lab.ROOT / "deploy/two-agents.md").read_text(encoding="utf-8")
    return yaml.safe_load(re.findall(r"(?s)```yaml\n(.*?)```", page)[number])["scrape_configs"]


def targets(agents):
    """Of the discovery by Prometheus, sorted."""
    return sorted((group for agent in agents for group in agent.request("/http_sd").json()), key=str)


def in_use(agent):
    """The configuration, and its hash."""
    page = agent.request("/config").text
    return yaml.safe_load(page), re.search(r"hash ([0-9a-f]{16})", page).group(1)


def evaluated(agent):
    return {pool["pool"] for pool in agent.request("/api/v1/pools").json()["pools"] if pool["freshness"]["knowledge"] == "fresh"}


class Shards(LabTest):
    def setUp(self):
        super().setUp()
        self.configure(POOLS)
        states = ["FinalState", "SteadyState", "ErrorState", "NonSteadyState", "Odd"]
        for i, pool in enumerate(POOLS):
            self.drop_status(pool, {lab.MODULES_2013[i % 3]: (states[i % 5], "NormalState")}, when=lab.utc(-60))

    def shard(self, ordinal, total, *arguments):
        folder = self.folder / f"shard-{ordinal}-of-{total}"
        folder.mkdir(exist_ok=True)
        shutil.copy(self.folder / "agent.yml", folder / "agent.yml")
        return Agent(folder, f"--shard={ordinal}", f"--total-shards={total}", *arguments)

    @contextlib.contextmanager
    def shards(self, total, *arguments):
        with contextlib.ExitStack() as stack:
            agents = [stack.enter_context(self.shard(ordinal, total, *arguments)) for ordinal in range(total)]
            self.wait(lambda: all(agent.ready() for agent in agents), "all parts ready")
            self.wait(lambda: set().union(*map(evaluated, agents)) == set(POOLS), "all pools evaluated")
            yield agents

    def test_all_parts_together_are_the_whole(self):
        with self.agent() as whole:
            self.wait(lambda: evaluated(whole) == set(POOLS), "all pools evaluated")
            expected = pool_series([whole])
            self.assertNotIn("shard", whole.metrics())
            for total in (1, 2, 3, 5):
                with self.subTest(total=total), self.shards(total) as agents:
                    self.assertEqual(sorted(pool_series(agents).items(), key=str), sorted(expected.items(), key=str))
                    self.assertEqual(targets(agents), targets([whole]))
                    self.assertEqual([agent.value("sfb_backup_exporter_shard_ordinal") for agent in agents], list(range(total)))
                    self.assertEqual({agent.value("sfb_backup_exporter_total_shards") for agent in agents}, {total})
                    self.assertEqual([agent.value("sfb_backup_exporter_configured_pools") for agent in agents],
                                     [len(evaluated(agent)) for agent in agents])
                    for agent in agents:
                        self.assertEqual(in_use(agent), in_use(whole))

    def test_a_part_without_a_pool_says_so_and_works(self):
        empty = min(set(range(100)) - {lab.hashmod(pool, 100) for pool in POOLS})
        with self.shard(empty, 100) as agent:
            self.wait(agent.ready, "ready without a pool")
            self.assertEqual(pool_series([agent]), {})
            self.assertEqual(agent.value("sfb_backup_exporter_configured_pools"), 0)
            self.wait_logged(agent, "level=warn .*a part of the pools.* pools=0 pools_of_all=12")

    def test_prometheus_picks_the_same_and_misses_no_partner(self):
        """Prometheus numbers the pools of the whole; and of the parts no alert says that a partner or a pool is missing."""
        hashed = {"metric_relabel_configs": [{"source_labels": ["pool"], "action": "hashmod", "modulus": 3, "target_label": "shard"}]}
        taken = {"metric_relabel_configs": example(1)[0]["metric_relabel_configs"]}
        rules = (lab.ROOT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
        missing = next(rule["expr"] for group in yaml.safe_load(rules)["groups"] for rule in group["rules"]
                       if rule.get("alert") == "SfbBackupShardMissing")
        at_once = re.sub(r"(?m)^(\s+)(for|keep_firing_for): .*$", r"\1\2: 0s", rules)
        (self.folder / "alerts.yml").write_text(at_once, encoding="utf-8")
        with self.agent() as whole, self.shards(3) as agents:
            jobs = {"whole": ([whole.address], hashed), "part": ([whole.address], taken), "lacking": ([agents[0].address], {}),
                    "sfb-backup": ([agent.address for agent in agents], {})}
            with Prometheus(self.folder, jobs, self.folder / "alerts.yml") as prometheus:
                info = 'sfb_backup_pool_info{job="whole"}'
                self.wait(lambda: len(prometheus.query(info)) == len(POOLS) and prometheus.query('sfb_backup_pool_info{job="part"}'),
                          "the whole to be scraped, twice")
                picked = {pool: ordinal for ordinal, agent in enumerate(agents) for pool in evaluated(agent)}
                self.assertEqual(len(set(picked.values())), 3, "a test of three parts")
                picks = lambda: {labels["pool"]: int(labels["shard"]) for labels, _ in prometheus.query(info)}
                self.wait(lambda: picks() == picked, lambda: f"{picked}, not {picks()}")
                part = lambda: {labels["pool"] for labels, _ in prometheus.query('sfb_backup_pool_info{job="part"}')}
                half = {pool for pool in POOLS if lab.hashmod(pool, 2) == 0}
                self.wait(lambda: part() == half, lambda: f"{half} by the example of the page, not {part()}")
                self.assertEqual(prometheus.known('sfb_backup_exporter_configured_pools{job="part"}'), len(POOLS))
                self.assertEqual(prometheus.query('{job="part",__tmp_shard!=""}'), [])
                count = 'count(pool:sfb_backup_pool:info{job="sfb-backup"})'
                self.wait(lambda: prometheus.value(count) == len(POOLS), "the rules over all parts")
                # What is told of the pools' answers is behind the recordings, as what is missing would be.
                self.wait(lambda: "SfbBackupNoCmsExport" in self.names(prometheus) or "SfbBackupCmsExportDuplicate" in self.names(prometheus),
                          "an alert over all parts")
                self.wait(lambda: [labels["job"] for labels, _ in prometheus.query(missing)] == ["lacking"], "the job that lacks two parts")
                self.wait(lambda: not {"SfbBackupPartnerNotWatched", "SfbBackupPoolsMissing"} & self.names(prometheus),
                          "the end of alerts from before all parts were scraped")

    def names(self, prometheus):
        return {alert["labels"]["alertname"] for alert in prometheus.alerts() if alert["labels"].get("job") == "sfb-backup"}

    def test_each_part_knows_what_belongs_to_another(self):
        with self.shards(2) as agents:
            mine = [evaluated(agent) for agent in agents]
            other = sorted(mine[1])[0]
            said = f"pool {other} belongs to shard 1 of 2 shards, this agent is shard 0"
            for answer in (agents[0].request(f"/api/v1/pools/{other}"), agents[0].request(f"/api/v1/history?PoolFqdn={other}"),
                           agents[0].query(other, **{"as": "json"})):
                self.assertEqual(answer.status, 404)
                self.assertEqual((answer.json()["code"], answer.json()["detail"]), ("pool.other_shard", said))
                self.assertIn("--shard 1", answer.json()["remedy"])
            asked = subprocess.run([str(lab.ASK), "-PoolFqdn", other], capture_output=True, text=True, timeout=lab.WAIT, check=False,
                                   env={"SFB_BACKUP_EXPORTER_URL": f"http://{agents[0].address}"})
            self.assertEqual(asked.returncode, 1)
            self.assertIn("belongs to shard 1", " ".join(asked.stderr.split()))
            near = agents[0].request(f"/api/v1/pools/{other.replace('example', 'exampel')}")
            self.assertIn(f"did you mean {other}", near.json()["remedy"])
            pairs = [pair for agent in agents for pair in agent.request("/api/v1/pairs").json()["pairs"]]
            divided = [pair for pair in pairs if len({pool in mine[0] for pool in pair["pair"].split("/")}) == 2]
            self.assertTrue(divided, "a test of pairs that are divided")
            self.assertTrue(all(pair["reciprocal"] for pair in pairs))
            for pair in divided:
                for way in pair["directions"]:
                    for module in way["modules"]:
                        self.assertEqual([module["export"], module["import"]].count(None), 1, "only one of them is evaluated here")

    def test_a_reload_divides_as_a_start_does(self):
        with self.shards(2) as agents:
            before = [evaluated(agent) for agent in agents]
            added = {f"new{i}.example.com": "atl.example.com" for i in range(8)}
            for pool in added:
                self.drop_status(pool)
            removed = sorted(before[0])[0]
            self.configure({**{pool: partner for pool, partner in POOLS.items() if pool != removed}, **added})
            for agent in agents:
                shutil.copy(self.folder / "agent.yml", agent.folder / "agent.yml")
                agent.signal(signal.SIGHUP)
            self.wait(lambda: set().union(*map(evaluated, agents)) == (set(POOLS) | set(added)) - {removed}, "the new pools")
            for ordinal, agent in enumerate(agents):
                self.assertEqual(evaluated(agent),
                                 (before[ordinal] - {removed}) | {pool for pool in added if lab.hashmod(pool, 2) == ordinal})
            self.assertEqual(agents[1].request(f"/api/v1/pools/{removed}").json()["code"], "pool.not_configured")

    def test_a_copy_of_the_state_carries_the_pools_to_other_parts(self):
        """One agent becomes two, and two become one again: who finds the rows of a pool goes on where they end."""
        state = self.folder / "state"
        with self.agent(f"--storage.path={state}") as whole:
            self.wait(lambda: evaluated(whole) == set(POOLS), "all pools evaluated")
            since = whole.by_pool("sfb_backup_module_export_state_change_timestamp_seconds", module=lab.MODULES_2013[0])
        for pool in POOLS:  # a start that knows nothing would take this for the beginning
            text = (self.folder / "exports" / f"{pool}.clixml").read_text(encoding="utf-8")
            self.drop(pool, re.sub(r'(<DT N="ExportedAt">)[^<]*', rf"\g<1>{lab.utc(-10)}", text))
        for ordinal in range(2):
            shutil.copytree(state, self.folder / f"state-{ordinal}")
            (self.folder / f"state-{ordinal}").chmod(0o700)
        with contextlib.ExitStack() as stack:
            agents = [stack.enter_context(self.shard(i, 2, f"--storage.path={self.folder}/state-{i}")) for i in range(2)]
            self.wait(lambda: sum(len(evaluated(agent)) for agent in agents) == len(POOLS), "all pools evaluated")
            moved = {}
            for agent in agents:
                moved |= agent.by_pool("sfb_backup_module_export_state_change_timestamp_seconds", module=lab.MODULES_2013[0])
                self.wait_logged(agent, "the state holds pools that are not asked")
            self.assertEqual(moved, since)
        # The whole takes the state of one of the parts: the others' pools go on where they left that file.
        with self.agent(f"--storage.path={self.folder}/state-0") as whole:
            self.wait(lambda: evaluated(whole) == set(POOLS), "all pools evaluated")
            self.assertEqual(whole.by_pool("sfb_backup_module_export_state_change_timestamp_seconds", module=lab.MODULES_2013[0]), since)


class CommandLine(LabTest):
    def setUp(self):
        super().setUp()
        self.configure(POOLS)
        self.config = f"--config.file={self.folder}/agent.yml"

    def test_bad_values(self):
        cases = {
            ("--shard=0",): "--shard requires --total-shards",
            ("--total-shards=2",): "--total-shards requires --shard",
            ("--shard=2", "--total-shards=2"): "--shard 2 is none of --total-shards 2: shards are 0 to 1",
            ("--shard=1", "--total-shards=1"): "--shard 1 is none of --total-shards 1: the only shard is 0",
            ("--shard=0", "--total-shards=0"): '--total-shards: "0" is no whole number from 1 to 1000',
            ("--shard=-1", "--total-shards=2"): '--shard: "-1" is no whole number from 0 to 1000',
            ("--shard=one", "--total-shards=2"): '--shard: "one" is no whole number from 0 to 1000',
            ("--shard=0x1", "--total-shards=2"): '--shard: "0x1" is no whole number from 0 to 1000',
            ("--shard=0.5", "--total-shards=2"): '--shard: "0.5" is no whole number from 0 to 1000',
            ("--shard=", "--total-shards=2"): "--shard",
            ("--shard=0", "--total-shards=2000000000000000000000"): '--total-shards: "2000000000000000000000" is no whole number from 1 to 1000',
        }
        for check in ((), ("--config.check",)):
            for arguments, expected in cases.items():
                with self.subTest(arguments=arguments, check=check):
                    result = run(lab.AGENT, self.config, *check, *arguments)
                    self.assertEqual((result.returncode, result.stdout), (2, ""), result.stderr)
                    self.assertIn(expected, result.stderr)

    def test_the_check_names_the_pools_of_the_part(self):
        listed = {}
        for ordinal in range(2):
            result = run(lab.AGENT, self.config, "--config.check", f"--shard={ordinal}", "--total-shards=2")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("12 pools on 1 endpoint\n", result.stdout)
            found = re.search(rf"(?s)shard {ordinal} of 2 shards has (\d+) pools?\n(.*)", result.stdout)
            pools = found.group(2).split()
            self.assertEqual(int(found.group(1)), len(pools))
            listed |= {pool: ordinal for pool in pools}
        self.assertEqual(listed, {pool: lab.hashmod(pool, 2) for pool in POOLS})
        self.assertNotIn("shard", run(lab.AGENT, self.config, "--config.check").stdout)

    def test_evaluate_knows_no_shards_and_asks_any_pool(self):
        for pool in list(POOLS)[:4]:
            self.drop_status(pool)
            result = run(lab.AGENT, "evaluate", self.config, pool)
            self.assertEqual(result.returncode, 0, result.stderr)
        result = run(lab.AGENT, "--shard=0", "--total-shards=2", "evaluate", self.config, "atl.example.com")
        self.assertEqual(result.returncode, 2)
        self.assertIn("--shard does not go with evaluate", result.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
