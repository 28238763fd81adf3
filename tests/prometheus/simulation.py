"""Agents and pools of one incident, minute for minute: what Prometheus would have scraped.

An agent here is a model of ours, as far as metrics show it: it evaluates every two minutes, dates states by its own
clock, drops them an hour after the last good answer, and keeps what it knows over a restart if it has a state database.
"""
import collections
import re

STEP = 1  # minutes between two scrapes; a gap of half a minute is one that failed
INTERVAL = 2  # minutes between two evaluations
STALE_AFTER = 60
MODULES = {"Presence": "UserServices.PresenceFocus", "DataConf": "ConfServices.DataConf", "CMSMaster": "CentralMgmt.CMSMaster",
           "RgsData": "ApplicationServer.RGSDataStore", "RgsFile": "ApplicationServer.RGSFileStore"}
HEALTHY = ("FinalState", "SteadyState")


def identity(name):
    return MODULES.get(name, name)


class Pool:
    """What is true of a pool, whoever looks."""

    def __init__(self, name, partner, deployment, modules):
        self.name, self.partner, self.deployment = name, partner, deployment
        self.site = "site-" + name
        self.failure = None  # a code while evaluations fail
        self.answer = "whole"  # whole, none (no module), doubtful (says nothing)
        self.lacks = set()  # modules that the configuration says it has, and no answer lists
        self.modules = {identity(module): ["SteadyState", "NormalState"] for module in modules}
        self.max_age = None
        self.owner = None  # of several agents, where pools are shared out

    def verdict(self):
        words = {works(module, *states) for module, states in self.modules.items() if module not in self.lacks}
        return False if False in words else None if None in words or self.lacks else True


def works(module, exported, imported):
    """The module's part of the verdict."""
    idle = module.startswith("ApplicationServer.RGS") or (module == MODULES["CMSMaster"] and imported == "NormalState")
    words = {True if exported in HEALTHY or (exported == "NotInitialized" and idle) else None if exported == "Unknown" else False,
             True if imported == "NormalState" else None if imported == "Unknown" else False}
    return False if False in words else None if None in words else True


class Agent:
    def __init__(self, name, state):
        self.name, self.state = name, state
        self.known = {}
        self.down_until = 0
        self.started = 0

    def restart(self, now, gap):
        self.down_until = now + gap
        self.started = now + gap
        kept = {name: {**known, "up": None, "code": None} for name, known in self.known.items()} if self.state else {}
        self.known = kept

    def evaluate(self, pool, now):
        known = self.known.setdefault(pool.name, {"up": None, "code": None, "good": None, "modules": {}, "next": now})
        if now < known.get("next", 0):
            return
        known["next"] = now + INTERVAL
        known["up"], known["code"] = (pool.failure is None), pool.failure
        if pool.failure is not None:
            return
        if pool.answer == "doubtful":
            known["verdict"] = (None, None)
            return
        known["good"] = now
        known["verdict"] = (True, pool.verdict()) if pool.answer == "whole" else (False, False)
        before, known["modules"] = known["modules"], {}
        for module, (exported, imported) in (pool.modules if pool.answer == "whole" else {}).items():
            if module in pool.lacks:
                continue
            old = before.get(module, {})
            new = {"export": exported, "import": imported,
                   "export_since": old["export_since"] if old.get("export") == exported else now,
                   "import_since": old["import_since"] if old.get("import") == imported else now,
                   "healthy": now if exported in HEALTHY else None if exported == "NotInitialized" else old.get("healthy")}
            known["modules"][module] = new


class Recorder:
    """Values of each series in steps, as promtool writes them."""

    def __init__(self):
        self.values = collections.defaultdict(list)
        self.step = 0

    def scrape(self, series):
        for name, value in series.items():
            values = self.values[name]
            values += ["_"] * (self.step - len(values))
            values.append(value)
        for name, values in self.values.items():
            if len(values) == self.step and values and values[-1] not in ("_", "stale"):
                values.append("stale")  # a scrape without it, or one that failed
        self.step += 1

    def input_series(self):
        for name, values in sorted(self.values.items()):
            tokens, i = [], 0
            while i < len(values):
                j = i
                while j + 1 < len(values) and values[j + 1] == values[i]:
                    j += 1
                count = j - i
                if values[i] == "stale":
                    tokens += ["stale"] * (count + 1)
                elif values[i] == "_":
                    tokens.append(f"_x{count + 1}")
                else:
                    tokens.append(f"{values[i]}x{count}")
                i = j + 1
            yield name, " ".join(tokens)


def number(value):
    return str(int(value)) if float(value) == int(value) else str(value)


class Incident:
    def __init__(self, text, job):
        self.name, self.text, self.job = text["name"], text, job
        self.length = text.get("hours", 24) * 60
        modules = text.get("modules", ["Presence", "DataConf", "CMSMaster"])
        self.pools = {}
        for pair in text.get("pairs", ["a-b"]):
            one, two, *deployment = pair.split("-")
            for name, partner in ((one, two), (two, one)):
                if name not in text.get("without", []):
                    self.pools[name] = Pool(name, partner, deployment[0] if deployment else "corp", modules)
        for name, pool in self.pools.items():
            if identity("CMSMaster") in pool.modules and name != text.get("master", "a"):
                pool.modules[identity("CMSMaster")][0] = "NotInitialized"
        self.configured = set(self.pools) - set(text.get("later", []))
        self.agents = [Agent(f"e{i + 1}", text.get("state", True)) for i in range(text.get("agents", 1))]
        self.extra = {}
        self.events = collections.defaultdict(list)
        self.plan()

    def plan(self):
        for moment, events in self.text.get("events", {}).items():
            self.events[moment] += [events] if isinstance(events, str) else events
        for repeat in self.text.get("repeat", []):
            start, end = repeat["between"]
            for begin in range(start, end, repeat["every"]):
                for moment, events in repeat["events"].items():
                    self.events[begin + moment] += [events] if isinstance(events, str) else events
        gap = self.text.get("restarts")
        if gap:  # one agent after the other where there are several
            for i, moment in enumerate(range(50, self.length, 50)):
                self.events[moment].append(f"restart e{i % len(self.agents) + 1} {gap}")

    def happen(self, now, event):
        words = event.split()
        if match := re.fullmatch(r"(.*\}|\S+) = (\S+)", event):
            self.extra.pop(match[1], None) if match[2] == "gone" else self.extra.__setitem__(match[1], match[2])
        elif words[0] == "restart":
            next(agent for agent in self.agents if agent.name == words[1]).restart(now, float(words[2]))
        elif words[1] == "fails":
            self.pools[words[0]].failure = words[2]
        elif words[1] == "answers":
            self.pools[words[0]].failure = None
            self.pools[words[0]].answer = words[2] if len(words) > 2 else "whole"
        elif words[1] == "lacks":
            self.pools[words[0]].lacks = {identity(module) for module in words[2:]}
        elif words[1] == "removed":
            self.configured.discard(words[0])
        elif words[1] == "added":
            self.configured.add(words[0])
        elif words[1] == "owner":
            self.pools[words[0]].owner = words[2]
        elif words[1] == "max_age":
            self.pools[words[0]].max_age = int(words[2])
        elif words[2] == "gone":
            self.pools[words[0]].modules.pop(identity(words[1]))
        elif words[2] == "import":
            self.pools[words[0]].modules[identity(words[1])][1] = words[3]
        else:
            self.pools[words[0]].modules.setdefault(identity(words[1]), ["", "NormalState"])[0] = words[2]

    def page(self, agent, now):
        """What the agent's page says, by series."""
        page = {}

        def put(name, value, **labels):
            if value is not None:
                inner = ",".join(f'{key}="{text}"' for key, text in {"job": self.job, "instance": agent.name, **labels}.items() if text != "")
                page[f"{name}{{{inner}}}"] = number(value)

        put("up", now >= agent.down_until)
        if now < agent.down_until:
            return page
        mine = [self.pools[name] for name in sorted(self.configured) if self.pools[name].owner in (None, agent.name)]
        put("process_start_time_seconds", agent.started * 60)
        put("sfb_backup_exporter_configured_pools", len(mine))
        for pool in mine:
            agent.evaluate(pool, now)
            known, label = agent.known[pool.name], {"pool": pool.name}
            put("sfb_backup_up", known["up"], **label)
            put("sfb_backup_current_failure", 1 if known["code"] else None, reason=(known["code"] or "").split(".")[0], code=known["code"] or "", **label)
            put("sfb_backup_pool_info", 1, paired_pool=pool.partner, pair="/".join(sorted((pool.name, pool.partner))), site=pool.site, deployment=pool.deployment, **label)
            put("sfb_backup_evaluation_interval_seconds", INTERVAL * 60, **label)
            put("sfb_backup_file_max_age_seconds", pool.max_age and pool.max_age * 60, **label)
            if known["good"] is None:
                continue
            put("sfb_backup_last_evaluation_success_timestamp_seconds", known["good"] * 60, **label)
            fresh = now - known["good"] <= STALE_AFTER
            if fresh:
                configured, working = known["verdict"]
                put("sfb_backup_service_configured", configured, **label)
                put("sfb_backup_service_working", working, **label)
            for module, states in known["modules"].items():
                if fresh:
                    put("sfb_backup_module_working", works(module, states["export"], states["import"]), module=module, **label)
                for direction in ("export", "import"):
                    name = f"sfb_backup_module_{direction}_state"
                    put(name + "_change_timestamp_seconds", states[direction + "_since"] * 60, module=module, **label)
                    for word in sorted(self.words[direction]) if fresh else ():
                        put(name, states[direction] == word, module=module, **{name: word}, **label)
                healthy = states["healthy"]
                put("sfb_backup_module_export_last_healthy_timestamp_seconds", None if healthy is None else healthy * 60, module=module, **label)
        for name, value in self.extra.items():
            metric, _, labels = name.rstrip("}").partition("{")
            put(metric, float(value), **dict(re.findall(r'(\w+)="([^"]*)"', labels)))
        return page

    def input_series(self):
        words = [event.split()[-1] for events in self.events.values() for event in events] + ["SteadyState", "NotInitialized", "NormalState"]
        # All states that occur here: a state that never does has no series, which no rule can tell from 0.
        self.words = {"export": {word for word in words if word.endswith("State") or word in ("NotInitialized", "Unknown")} - {"NormalState"},
                      "import": {word for word in words if word in ("NormalState", "ErrorState", "NotInitialized", "Unknown")}}
        recorder = Recorder()
        for i in range(int(self.length / STEP) + 1):
            now = i * STEP
            for event in self.events.get(now, []):
                self.happen(now, event)
            page = {}
            for agent in self.agents:
                page.update(self.page(agent, now))
            recorder.scrape(page)
        return recorder.input_series()
