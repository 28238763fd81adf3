"""The status page of a running agent in Debian's Chromium (tests/browser/page.cjs, live.cjs). SFB_PICTURES=FOLDER keeps what it looked like."""

import json
import unittest

import browser
from lab import MODULES_2019, LabTest, error_record, status_object, wrapper

ATL, CHI, DEN, ELP, FRA = (f"{name}-cs-001.litwareinc.com" for name in ("atl", "chi", "den", "elp", "fra"))
NYC, LON = "nyc-cs-001.fabrikam.com", "lon-cs-001.fabrikam.com"
USER, DATA, MASTER = MODULES_2019[:3]
SITES = {ATL: ("Atlanta", "corp"), CHI: ("Chicago", "corp"), DEN: ("Denver", "corp"), ELP: ("El Paso", "corp"), FRA: ("Frankfurt", "emea"),
         NYC: ("New York", "<b>labs</b>"), LON: ("London", "<b>labs</b>")}
PAIRS = {ATL: CHI, CHI: ATL, DEN: ELP, ELP: DEN, FRA: "ams-cs-001.litwareinc.com", NYC: LON, LON: NYC}
HEALTHY = {MASTER: ("NotInitialized", "NormalState"), **{module: ("NotInitialized", "NotInitialized") for module in MODULES_2019[3:]}}


def setUpModule():
    browser.demand()


class Page(LabTest):
    def write_configuration(self):
        pools = [{"fqdn": pool, "endpoint": "drop", "paired_pool": PAIRS[pool], "site": site, "deployment": deployment}
                 for pool, (site, deployment) in SITES.items()]
        settings = {"global": {"evaluation_interval": "2s", "evaluation_timeout": "1s", "min_live_interval": "0s"},
                    "endpoints": {"drop": {"transport": "file", "path": f"{self.folder}/exports/{{pool}}.clixml", "max_age": "1h"}},
                    "pools": pools, "authorization": {"allow_anonymous": "loopback"}}
        (self.folder / "agent.yml").write_text(json.dumps(settings, indent=1), encoding="utf-8")

    def drop_states(self, pool, states=None, errors=""):
        self.drop(pool, wrapper(pool, status_object(MODULES_2019, {**HEALTHY, **(states or {})}), errors))

    def drop_all(self):
        self.write_configuration()
        for pool in (ATL, DEN, ELP, NYC, LON):
            self.drop_states(pool)
        self.drop_states(CHI, {USER: ("ErrorState", "NormalState"), DATA: ("NonSteadyState", "NormalState")},
                         error_record("The service at chi-fe-001 is slow."))

    def test_in_a_browser(self):
        self.drop_all()
        with self.agent("--web.runbook-url=http://wiki.example.org/sfb") as agent:
            self.wait(agent.ready, "ready")
            self.wait(lambda: len(agent.history(CHI)["history"]) > 1, "a history")
            browser.look("page.cjs", {"address": f"http://{agent.address}", "pool": CHI, "bad": CHI, "pictures": browser.pictures()})

    def test_live(self):
        self.drop_all()
        with self.agent() as agent:
            self.wait(agent.ready, "ready")
            browser.look("live.cjs", {"address": f"http://{agent.address}", "pool": CHI, "pid": agent.process.pid, "streams": 64,
                                      "pictures": browser.pictures(),
                                      "change": {"file": str(self.folder / "exports" / f"{NYC}.clixml"), "shows": "nyc-cs-001",
                                                 "back": wrapper(NYC, status_object(MODULES_2019, HEALTHY)),
                                                 "content": wrapper(NYC, status_object(MODULES_2019, {**HEALTHY, DATA: ("ErrorState", "NormalState")}))}})

    def test_without_a_login(self):
        self.drop_all()
        (self.folder / "web.yml").write_text(
            "basic_auth_users: {alice: $2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW}\n", encoding="utf-8")
        with self.agent(f"--web.config.file={self.folder}/web.yml") as agent:
            browser.look("page.cjs", {"address": f"http://{agent.address}", "login": True, "pictures": browser.pictures()})

    def test_a_thousand_pools(self):
        names = [f"pool{number:04}.litwareinc.com" for number in range(1000)]
        self.configure({name: names[number ^ 1] for number, name in enumerate(names)})
        # The page alone is looked at, not the agent at work.
        configuration = self.folder / "agent.yml"
        configuration.write_text(configuration.read_text(encoding="utf-8").replace("evaluation_interval: 2s", "evaluation_interval: 10m"),
                                 encoding="utf-8")
        for number, name in enumerate(names):
            self.drop_states(name, {USER: ("ErrorState", "NormalState")} if number % 100 == 0 else {})
        with self.agent() as agent:
            self.wait(agent.ready, "ready", 120)
            self.wait(lambda: len(agent.by_pool("sfb_backup_service_working")) == len(names), "all pools", 120)
            browser.look("page.cjs", {"address": f"http://{agent.address}", "pairs": len(names) // 2, "bad": len(names) // 100,
                                      "pictures": browser.pictures()})


if __name__ == "__main__":
    unittest.main()
