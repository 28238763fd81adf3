"""What the agent must make of each pool of the lab's example scenario, whatever way the answer came."""

import re
import subprocess

import lab

EXPORT, IMPORT = "sfb_backup_module_export_state", "sfb_backup_module_import_state"


def usual(exported="SteadyState", imported="NormalState", modules=tuple(lab.MODULES_2013)):
    return {module: (exported, imported) for module in modules}


# First label: states of the modules, and whether the service works.
GOOD = {
    "healthy": (usual(), 1),
    "final": (usual("FinalState"), 1),
    "backlog": (usual("NonSteadyState"), 0),
    "fresh": (usual("NotInitialized", "NotInitialized"), 0),
    "failing": ({"UserServices.PresenceFocus": ("ErrorState", "NormalState"), "ConfServices.DataConf": ("NonSteadyState", "ErrorState"),
                 "CentralMgmt.CMSMaster": ("SteadyState", "NormalState")}, 0),
    "one": (usual(modules=["UserServices.PresenceFocus"]), 1),
    "five": (usual(modules=lab.MODULES_2019), 1),
    "unknown-module": (usual(modules=["UserServices.PresenceFocus", "Future.Module"]), 1),
    "no-module": ({}, 0),
    "none": ({}, 0),
    "null": ({}, 0),
    "error": (usual("ErrorState"), 0),
    "warning": (usual(), 1),
    "streams": (usual(), 1),
    "host": (usual(), 1),
}
# First label: reason, code, and words of the text.
BAD = {
    "two": ("parse", "status.several", "2 status objects came back where one belongs"),
    "rows": ("parse", "status.unrecognised", "has a property BackupModules"),
    "text": ("parse", "status.unrecognised", "no status here"),
    "only-error": ("cmdlet", "cmdlet.error", "The backup store cannot be read."),
    "throw": ("cmdlet", "cmdlet.second_hop", "Access is denied to the backup service."),
    "status-throw": ("cmdlet", "cmdlet.failed", "The backup service was closed."),
    "readline": ("cmdlet", "cmdlet.failed", "does not support user interaction"),
    "prompts": ("cmdlet", "cmdlet.failed", "Really?"),
    "huge": ("parse", "psrp.too_large", "limits.object"),
    "crash": ("cmdlet", "cmdlet.failed", "The backup service client crashed."),
}


def states_of(item):
    """(module, (export, import)) of an item of BackupModules in JSON: an object, or the text that plain remoting leaves of it."""
    if isinstance(item, str):
        name, exported, imported = re.fullmatch(r"(\S+):\[(\w+),(\w+)\]", item).groups()
        return name, (exported, imported)
    return item["Identity"], (item["ExportStatus"], item["ImportStatus"])


def published(agent, pool):
    """{module: (export, import)} that the metrics page says of a pool: the one state of each that is 1."""
    found = {}
    for place, family in enumerate((EXPORT, IMPORT)):
        for labels, value in agent.series(family).items():
            labels = dict(labels)
            if labels["pool"] == pool and value:
                assert labels["module"] not in found or found[labels["module"]][place] is None, f"{labels}: two states at once"
                found.setdefault(labels["module"], [None, None])[place] = labels[family]
    return {module: tuple(states) for module, states in found.items()}


def check_good(test, agent, name, endpoint):
    """Asks for the pool and looks at all that is known of it afterwards. The answer as text."""
    states, working = GOOD[name]
    pool = f"{name}.{endpoint}"
    fqdn = f"{pool}.example.com"
    answer = test.ask(agent, pool, width=200)
    test.assert_good(answer)
    test.assertEqual(published(agent, fqdn), states)
    test.assertEqual(agent.value(f'sfb_backup_up{{pool="{fqdn}"}}'), 1)
    # Without the script nothing proves that $null is what the cmdlet put out.
    known = not (name == "null" and endpoint == "none")
    test.assertEqual(agent.value(f'sfb_backup_service_configured{{pool="{fqdn}"}}'), (1 if states else 0) if known else None)
    test.assertEqual(agent.value(f'sfb_backup_service_working{{pool="{fqdn}"}}'), working if known else None)
    # What says nothing is no answer that a later caller is given.
    body = test.same(agent, pool, **{"as": "json"}) if known else test.ask(agent, pool, **{"as": "json"})
    if name in ("none", "null"):
        test.assertIn(body.text.strip(), ("", "null"))
        test.assertEqual(answer.text, "")
        return answer
    status = body.json()
    test.assertEqual(dict(map(states_of, status["BackupModules"])), states)
    test.assertEqual(status["ActiveMachineFqdn"], f"fe1.{fqdn}")
    for module in list(states)[:1]:
        test.assertIn(module, answer.text)
    clixml = test.same(agent, pool, **{"as": "clixml"})
    rendered = subprocess.run([lab.AGENT, "render", "--width", "200", "--edition", "7"], input=clixml.body, capture_output=True, check=True).stdout.decode()
    if name not in ("warning", "error"):  # warnings and errors are no part of the file
        test.assertEqual(rendered, test.same(agent, pool, width=200, edition="7").text)
    return answer


def check_bad(test, agent, name, endpoint, dropped=False):
    """`dropped`: a file, of whose text no message repeats anything. Asks for the pool in two forms, and demands the same failure of both. The answer as text; of edition 5.1, whose errors show all."""
    reason, code, words = BAD[name]
    stage = "parse" if reason == "parse" else "query"
    pool = f"{name}.{endpoint}"
    fqdn = f"{pool}.example.com"
    answer = test.ask(agent, pool, width=200, edition="5.1")
    test.assert_failed(answer, 502, reason, code, stage)
    if dropped and name == "text":
        test.assertNotIn(words, answer.text)
        words = "has no property BackupModules"
    test.assertIn(words, answer.text)
    test.assertTrue(answer.entry["remedy"])
    problem = test.ask(agent, pool, **{"as": "json"})
    test.assert_failed(problem, 502, reason, code, stage)
    test.assertEqual(problem.headers["Content-Type"], "application/problem+json")
    problem = problem.json()
    test.assertEqual((problem["reason"], problem["code"], problem["stage"]), (reason, code, stage))
    test.assertEqual(published(agent, fqdn), {}, "never as healthy")
    test.assertEqual(agent.value(f'sfb_backup_up{{pool="{fqdn}"}}'), 0)
    page = agent.metrics()  # of one moment: a scheduled evaluation may end at any time
    failures = {dict(labels)["reason"]: count for labels, count in agent.series("sfb_backup_evaluation_failures_total", page).items()
                if dict(labels)["pool"] == fqdn and count}
    test.assertEqual(failures, {reason: agent.value(f'sfb_backup_evaluations_total{{pool="{fqdn}"}}', page)})
    return answer
