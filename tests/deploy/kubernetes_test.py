"""deploy/kubernetes: what kustomize makes of it keeps the schemas, its parts fit each other, and the agent takes what it is given.

Wants SFB_BUILD_DIR. What is not on this machine (kustomize, the schemas) is a skip that is told.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"
SCHEMAS = ROOT / "build" / "schemas"
AGENT = Path(os.environ["SFB_BUILD_DIR"]) / "agent" / "app" / "sfb_backup_exporter"
NAME = "sfb-backup-exporter"


def skip(why):
    print(f"SKIPPED: {why}", flush=True)
    raise unittest.SkipTest(why)


def kustomized(folder):
    """What kustomize makes of a folder, by the kinds of its manifests."""
    tool = ["kustomize", "build"] if shutil.which("kustomize") else ["kubectl", "kustomize"]
    if shutil.which(tool[0]) is None:
        skip("neither kustomize nor kubectl is on this machine")
    made = subprocess.run([*tool, folder], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise AssertionError(made.stderr)
    return {manifest["kind"]: manifest for manifest in yaml.safe_load_all(made.stdout)}


def read(path):
    return yaml.safe_load((KUBERNETES / path).read_text(encoding="utf-8"))


def judged(manifests):
    """What the schemas find."""
    if (SCHEMAS / "unavailable").exists() or not (SCHEMAS / "node_modules").exists():
        skip("the schemas are not installed (tests/deploy/schemas/build)")
    run = subprocess.run(["node", "schemas.mjs"], cwd=SCHEMAS, input=json.dumps(manifests), capture_output=True, text=True, check=False)
    if run.stderr:
        raise AssertionError(run.stderr)
    assert (run.returncode == 0) == (run.stdout.strip() == ""), run
    return run.stdout.strip()


class Folders(unittest.TestCase):
    """Without kustomize, too: what its files name is there, and nothing is left out."""

    def test_every_file_is_listed_and_is_there(self):
        for folder in ("base", "site"):
            listed = read(f"{folder}/kustomization.yaml")
            names = [name for name in listed["resources"] if not name.startswith("../")]
            for generator in ("configMapGenerator", "secretGenerator"):
                for made in listed.get(generator, []):
                    names += made["files"]
            there = sorted(path.name for path in (KUBERNETES / folder).iterdir() if path.name != "kustomization.yaml")
            self.assertEqual(sorted(names), there, folder)
            for other in (name for name in listed["resources"] if name.startswith("../")):
                self.assertTrue((KUBERNETES / folder / other / "kustomization.yaml").is_file(), other)

    def test_the_rules_are_those_of_prometheus(self):
        rules = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
        self.assertEqual(read("base/prometheusrule.yaml")["spec"], rules)


class Schemas(unittest.TestCase):
    def test_they_find_nothing(self):
        self.assertEqual(judged([read(f"base/{name}") for name in read("base/kustomization.yaml")["resources"]]), "")

    def test_nor_in_what_kustomize_makes(self):
        made = kustomized(KUBERNETES / "site")
        self.assertEqual(sorted(made), ["ConfigMap", "Namespace", "NetworkPolicy", "PodMonitor", "PrometheusRule", "Secret", "Service",
                                        "StatefulSet"])
        self.assertEqual(judged(list(made.values())), "")

    def test_they_find_a_mistake_of_each_kind(self):
        def pod(manifest):
            return manifest["spec"]["template"]["spec"]

        def container(manifest):
            return pod(manifest)["containers"][0]

        mistakes = {
            "a misspelt key": ("statefulset", lambda m: container(m)["securityContext"].update(readOnlyRootFileSystem=True)),
            "a key in a wrong place": ("statefulset", lambda m: pod(m).update(allowPrivilegeEscalation=False)),
            "a number as text": ("statefulset", lambda m: m["spec"].update(replicas="1")),
            "a missing selector": ("statefulset", lambda m: m["spec"].pop("selector")),
            "an unknown pull policy": ("statefulset", lambda m: container(m).update(imagePullPolicy="Sometimes")),
            "a port without a number": ("service", lambda m: m["spec"]["ports"][0].pop("port")),
            "a list as a map": ("networkpolicy", lambda m: m["spec"].update(egress={})),
            "an unknown action": ("podmonitor", lambda m: m["spec"]["podMetricsEndpoints"][0]["relabelings"][0].update(action="rename")),
            "an unknown key of the operator": ("podmonitor", lambda m: m["spec"]["podMetricsEndpoints"][0].update(every="30s")),
            "a rule without an expression": ("prometheusrule", lambda m: m["spec"]["groups"][0]["rules"][0].pop("expr")),
            "an unknown kind": ("service", lambda m: m.update(kind="Servise")),
        }
        manifests = []
        for what, (name, change) in mistakes.items():
            manifest = read(f"base/{name}.yaml")
            manifest["metadata"]["name"] = what
            change(manifest)
            manifests.append(manifest)
        found = {line.split(":")[0].split(" ", 1)[1] for line in judged(manifests).splitlines()}
        self.assertEqual(found, set(mistakes))


class Parts(unittest.TestCase):
    """What stands in one manifest and is meant in another."""

    def setUp(self):
        self.set = read("base/statefulset.yaml")["spec"]
        self.pod = self.set["template"]["spec"]
        self.container, = self.pod["containers"]

    def test_labels_names_and_ports(self):
        labels = self.set["template"]["metadata"]["labels"]
        ports = {port["name"] for port in self.container["ports"]}
        service, policy = read("base/service.yaml"), read("base/networkpolicy.yaml")["spec"]
        monitor = read("base/podmonitor.yaml")["spec"]
        for selector in (self.set["selector"]["matchLabels"], service["spec"]["selector"], policy["podSelector"]["matchLabels"],
                         monitor["selector"]["matchLabels"]):
            self.assertEqual(selector, labels)
        self.assertEqual(self.set["serviceName"], service["metadata"]["name"])
        named = [service["spec"]["ports"][0]["targetPort"], policy["ingress"][0]["ports"][0]["port"], monitor["podMetricsEndpoints"][0]["port"],
                 *(self.container[probe]["httpGet"]["port"] for probe in ("livenessProbe", "readinessProbe"))]
        self.assertLessEqual(set(named), ports)
        volumes = {volume["name"] for volume in self.pod["volumes"]} | {claim["metadata"]["name"] for claim in self.set["volumeClaimTemplates"]}
        self.assertEqual({mount["name"] for mount in self.container["volumeMounts"]}, volumes)
        sources = self.pod["volumes"][0]["projected"]["sources"]
        site = read("site/kustomization.yaml")
        self.assertEqual([sources[0]["configMap"]["name"], sources[1]["secret"]["name"]],
                         [site["configMapGenerator"][0]["name"], site["secretGenerator"][0]["name"]])

    def test_the_agent_may_go_where_production_says(self):
        names, servers = read("base/networkpolicy.yaml")["spec"]["egress"]
        table = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
        rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("| agent |")]
        wanted = {"DNS": set(), "file server": set(), "servers": set()}
        for _, to, ports, _ in rows:
            wanted[to if to in wanted else "servers"].update(
                (int(port), protocol) for port in re.findall(r"\d+", ports) for protocol in set(re.findall("TCP|UDP", ports)))

        def allowed(rule):
            return {(port["port"], port["protocol"]) for port in rule["ports"]}

        # The node mounts the file server. OpenShift's DNS pods have another port.
        self.assertEqual(allowed(servers), wanted["servers"])
        self.assertEqual(allowed(names), wanted["DNS"] | {(5353, protocol) for _, protocol in wanted["DNS"]})

    def test_the_job_of_the_rules(self):
        job, instance = read("base/podmonitor.yaml")["spec"]["podMetricsEndpoints"][0]["relabelings"]
        self.assertEqual((job["targetLabel"], instance["targetLabel"]), ("job", "instance"))
        self.assertIn(f'job="{job["replacement"]}"', (KUBERNETES / "base" / "prometheusrule.yaml").read_text(encoding="utf-8"))

    def test_the_account_is_that_of_the_image(self):
        image = (ROOT / "deploy" / "container" / "Containerfile").read_text(encoding="utf-8")
        security = self.pod["securityContext"]
        self.assertIn(f"\nUSER {security['runAsUser']}:{security['runAsGroup']}\n", image)
        self.assertEqual(security["fsGroup"], security["runAsGroup"])

    def test_one_number_of_shards(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(KUBERNETES, folder, dirs_exist_ok=True)
            site = Path(folder, "site", "kustomization.yaml")
            for count in (1, 3):
                text = (KUBERNETES / "site" / "kustomization.yaml").read_text(encoding="utf-8")
                self.assertIn("count: 1", text)
                site.write_text(text.replace("count: 1", f"count: {count}"), encoding="utf-8")
                made = kustomized(Path(folder, "site"))["StatefulSet"]
                total = {item["name"]: item.get("value") for item in made["spec"]["template"]["spec"]["containers"][0]["env"]}
                self.assertEqual((made["spec"]["replicas"], total["TOTAL_SHARDS"]), (count, str(count)))


class Agent(unittest.TestCase):
    """The agent with the flags, and with the files as Kubernetes projects them."""

    def check(self, shard, total):
        site = KUBERNETES / "site"
        container, = read("base/statefulset.yaml")["spec"]["template"]["spec"]["containers"]
        # Each name is a link into a folder whose name changes with the content.
        content = Path(self.folder.name, "..2026_11_29")
        content.mkdir(exist_ok=True)
        for name in ("sfb_backup_exporter.yml", "monitoring.password"):
            shutil.copy(site / name, content / name)
            (content / name).chmod(0o440)
            if not os.path.lexists(Path(self.folder.name, name)):
                Path(self.folder.name, name).symlink_to(f"..data/{name}")
        if not os.path.lexists(Path(self.folder.name, "..data")):
            Path(self.folder.name, "..data").symlink_to(content.name)
        flags = [flag.replace("$(SHARD)", str(shard)).replace("$(TOTAL_SHARDS)", str(total)) for flag in container["args"]]
        return subprocess.run([AGENT, "--config.check", f"--config.file={self.folder.name}/sfb_backup_exporter.yml", *flags],
                              capture_output=True, text=True, timeout=60, check=False)

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def test_the_example_is_good(self):
        checked = self.check(0, 1)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""), checked.stdout)
        self.assertNotIn("others may", checked.stdout)

    def test_the_shards_share_the_pools(self):
        asked = []
        for shard in range(3):
            checked = self.check(shard, 3)
            self.assertEqual(checked.returncode, 0, checked.stderr)
            asked += [line.strip() for line in checked.stdout.splitlines() if line.startswith("  ")]
        site = yaml.safe_load((KUBERNETES / "site" / "sfb_backup_exporter.yml").read_text(encoding="utf-8"))
        self.assertEqual(sorted(asked), sorted(pool["fqdn"] for pool in site["pools"]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
