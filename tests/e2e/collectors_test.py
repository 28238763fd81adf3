"""Collectors beside the pool's status: over winrm against the simulator, and from dropped files."""

import json
import subprocess
import unittest

import lab
from lab import MODULES_2013, LabTest

POOL = "atl.example.com"
USERS = {"svc-sfbmon": "hunter2"}
CMDLETS = {
    "Get-CsManagementStoreReplicationStatus": {"objects": [
        {"ReplicaFqdn": "fe1.example.com", "UpToDate": True, "ProductVersion": "7.0.2046.0"},
        {"ReplicaFqdn": "fe2.example.com", "UpToDate": False, "Extra": "kept"}]},
    "Get-CsManagementStoreReplicationStatus -CentralManagementStoreStatus": {"objects": [
        {"ActiveMasterFqdn": "be1.example.com", "ActiveFileTransferAgents": ["be1.example.com"]}]}}
ON = {"management_store_replication": {"interval": "2s"}, "central_management_store": {"interval": "2s"}}
CONFIGURATION = "backup_service_configuration"
UP = "sfb_backup_collector_up"
PATH = "/api/v1/Get-CsManagementStoreReplicationStatus"


class Collectors(LabTest):
    def configure_pool(self, url, collectors, endpoint=(), **pool):
        self.configure_winrm({"one": {"url": url, **dict(endpoint)}}, {POOL: "one"})
        settings = json.loads((self.folder / "agent.yml").read_text(encoding="utf-8"))
        settings["pools"][0].update(collectors=collectors, **pool)
        (self.folder / "agent.yml").write_text(json.dumps(settings), encoding="utf-8")

    def scenario(self, cmdlets):
        return {"listeners": [{"name": "one", "listen": "127.0.0.1:0", "users": USERS, "server": {"cmdlets": cmdlets}}],
                "pools": {POOL: {"modules": MODULES_2013, "states": {}}}}

    def up(self, agent):
        return {dict(labels)["collector"]: value for labels, value in agent.series(UP).items()}

    def test_each_has_its_metrics_and_its_query(self):
        with self.simulator(self.scenario(CMDLETS)) as simulator:
            self.configure_pool(simulator.url("one"), ON)
            with self.agent() as agent:
                self.wait(lambda: self.up(agent) == dict.fromkeys(ON, 1), "the collectors' answers")
                replicas = {dict(labels)["replica"]: value
                            for labels, value in agent.series("sfb_backup_management_store_replica_up_to_date").items()}
                self.assertEqual(replicas, {"fe1.example.com": 1, "fe2.example.com": 0})
                master = list(agent.series("sfb_backup_central_management_store_active_master_info"))
                self.assertEqual([dict(labels)["active_master"] for labels in master], ["be1.example.com"])
                self.assertEqual(agent.by_pool("sfb_backup_up"), {POOL: 1})
                self.assertEqual(sum(agent.by_pool("sfb_backup_evaluation_failures_total").values()), 0)
                answer = agent.request(f"{PATH}?via={POOL}&as=json")
                self.assertEqual((answer.status, answer.headers["X-Outcome"]), (200, "good"), answer.text)
                self.assertEqual([row.get("Extra") for row in answer.json()], [None, "kept"], "the answer is whole")
                master = agent.request(f"{PATH}?via={POOL}&CentralManagementStoreStatus&as=json").json()
                self.assertEqual(master["ActiveMasterFqdn"], "be1.example.com")
                self.assertEqual(agent.request(PATH).status, 400, "via is missing")
                questions = {entry["question"] for entry in agent.history(POOL)["history"]}
                self.assertIn("Get-CsManagementStoreReplicationStatus -CentralManagementStoreStatus", questions)
                command = lab.AGENT.parents[1] / "client" / "Get-CsManagementStoreReplicationStatus"
                shown = subprocess.run([command, "-Via", POOL], capture_output=True, text=True, check=True,
                                       env={"SFB_BACKUP_EXPORTER_URL": f"http://{agent.address}"})
                self.assertIn("fe2.example.com", shown.stdout)
            self.wait_quiet(simulator)

    def test_the_partner_as_the_server_knows_it(self):
        relation = {"Get-CsPoolBackupRelationship -LocalStore": {"pools": {POOL: {"objects": [
            {"Anything": "ATL.example.com", "Other": "UserServer:chi.example.com", "Site": "Site:example.com", "Version": "7.0.2046.0"}]}}}}
        with self.simulator(self.scenario(relation)) as simulator:
            self.configure_pool(simulator.url("one"), {"pool_backup_relationship": {"interval": "1s"}}, {"session": {"reuse": False}})
            with self.agent() as agent:
                self.wait(lambda: self.up(agent) == {"pool_backup_relationship": 1}, "the partner")
                series = agent.series("sfb_backup_pool_backup_relationship_info")
                self.assertEqual([(dict(labels), value) for labels, value in series.items()], [({"pool": POOL, "partner": "chi.example.com"}, 1)])
                answer = agent.request(f"/api/v1/Get-CsPoolBackupRelationship?PoolFqdn={POOL}&LocalStore&as=json")
                self.assertEqual(answer.json()["Version"], "7.0.2046.0", "the answer is whole")
                # What cannot be read gives no series, neither the old one nor a wrong one.
                unreadable = {"Get-CsPoolBackupRelationship -LocalStore": {"pools": {POOL: {"objects": [{"Anything": "a.example.com", "Other": "b.example.com"}]}}}}
                simulator.set_listener("one", {"server": {"cmdlets": unreadable}})
                self.wait(lambda: not agent.series("sfb_backup_pool_backup_relationship_info"), "no partner")

    def test_what_a_session_does_not_know_is_off_and_touches_nothing(self):
        with self.simulator(self.scenario({})) as simulator:
            self.configure_pool(simulator.url("one"), {"management_store_replication": {"interval": "1s"}})
            with self.agent() as agent:
                self.wait(lambda: self.up(agent) == {"management_store_replication": 0}, "the refusal")
                runs = lambda: simulator.status()["runs_by_pool"].get(POOL, 0)
                before = runs()
                self.wait(lambda: runs() >= before + 5, "five more evaluations of the status")
                failures = {dict(labels)["reason"]: value for labels, value in agent.series("sfb_backup_collector_failures_total").items()}
                self.assertEqual(failures["cmdlet"], 1, "asked once in the session")
                self.assertEqual(agent.by_pool("sfb_backup_up"), {POOL: 1})
                self.assertIn("collector is off until the next session", agent.log())
                self.assertEqual(simulator.status()["shells"], 1, "the session stays")
            self.wait_quiet(simulator)


if __name__ == "__main__":
    unittest.main(verbosity=2)
