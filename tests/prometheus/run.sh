#!/usr/bin/env bash
# Checks the mixin and deploy/prometheus: the committed rules are those of the mixin, syntax, a runbook for every alert, the
# words of the alerts, incidents of a day, and that the incidents would notice a broken rule (every alert is broken in four
# ways, an incident of that very alert must differ each time). Last line: N passed, N failed. Needs jsonnet, promtool,
# amtool and python3-yaml. Some minutes.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
rules=$root/deploy/prometheus
runbooks=$root/deploy/runbooks
# shellcheck source=tests/check.sh
. "$root/tests/check.sh"

"$root/deploy/mixin/generate" "$work/generated"
check 'alerts.yml is what deploy/mixin/generate writes' diff "$rules/alerts.yml" "$work/generated/alerts.yml"
check 'and so is the PrometheusRule' diff "$root/deploy/kubernetes/base/prometheusrule.yaml" "$work/generated/prometheusrule.yaml"
other() { jsonnet -S -e "local m = (import '$root/deploy/mixin/mixin.libsonnet') + { _config+:: { runbookURLPattern: 'http://other/%s', lync2013Pools: '.*old.*' } }; std.manifestJson(m.prometheusAlerts)" > "$work/other.json"; }
check 'the mixin takes another configuration' other
check 'and shows the other address' grep -q 'http://other/SfbBackupExportError' "$work/other.json"
check 'and the other pools' grep -q 'pool=~\\".*old' "$work/other.json"
misspelt() {
  ! jsonnet -e "((import '$root/deploy/mixin/mixin.libsonnet') + { _config+:: { errorSecond: 300 } }).prometheusAlerts" > "$work/misspelt" 2>&1 &&
    grep -F '_config: errorSecond is not known (did you mean errorSeconds?)' "$work/misspelt"
}
check 'a key that is not known is refused, with the near ones' misspelt
shards() { jsonnet -S -e "local m = (import '$root/deploy/mixin/mixin.libsonnet') + { _config+:: { totalShards: 4 } }; std.manifestYamlDoc({ groups: m.prometheusRules.groups + m.prometheusAlerts.groups })" > "$work/shards.yml"; }
check 'the mixin takes the number of shards' shards
check 'and the rules are valid' promtool check rules "$work/shards.yml"
check 'a configured number of shards that nobody has' python3 "$here/shards.py" "$work/shards.yml" "$rules/alerts.yml"
for file in alerts windows-service; do
  check "promtool check rules $file" promtool check rules "$rules/$file.yml"
done
for file in scrape probe; do
  check "promtool check config $file" promtool check config "$rules/$file.yml"
done
check 'amtool check-config' amtool check-config "$rules/alertmanager.yml"

# What the documents tell Prometheus, beside the files that they name. The first hour's two blocks make one configuration.
mkdir -p "$work/documents"
cp "$rules/alerts.yml" "$work/documents"
touch "$work/documents/server.crt" "$work/documents/sfb-backup.password"
for page in "$root/README.md" "$root"/deploy/*.md; do
  awk -v to="$work/documents/$(basename "$page" .md)" '/^```yaml/ { on = 1; block = ""; next }
    /^```/ { if (on && block ~ /(^|\n)(scrape_configs|alerting|rule_files):/) printf "%s", block > (to "-" ++count ".yml"); on = 0 }
    on { sub("/usr/share/sfb_backup_exporter/prometheus/", ""); block = block $0 "\n" }' "$page"
done
cat "$work"/documents/first-hour-[12].yml > "$work/documents/first-hour-both.yml"
for file in "$work"/documents/*-*.yml; do
  check "promtool check config of $(basename "$file" .yml)" promtool check config "$file"
done

# Every alert has its page with all parts, every page its alert, every address its page.
alerts=$(cat "$rules"/{alerts,windows-service}.yml | sed -n 's/^ *- *alert: *"\{0,1\}\([A-Za-z]*\)"\{0,1\}$/\1/p' | sort -u)
pages=$(cd "$runbooks" && printf '%s\n' Sfb*.md | sed 's/\.md$//')
check 'there are alerts' test -n "$alerts"
check 'a page for every alert and none besides' diff <(echo "$alerts") <(echo "$pages")
urls() { cat "$rules"/{alerts,windows-service}.yml | sed -n 's/^ *"\{0,1\}runbook_url"\{0,1\}: *"\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' | sort -u; }
check 'every runbook_url is http and leads to a page' diff <(echo "$pages") <(urls | sed -n 's|^https\{0,1\}://.*/\(Sfb[A-Za-z]*\)\.md$|\1|p')
whole_page() {
  local part
  for part in Means 'The cmdlet prints' 'First commands' Causes 'False alarms' 'Planned work'; do
    grep -qE "^\*\*$part(\*\*|\.\*\*|\*\*,)" "$1" || { echo "$1 has no part $part"; return 1; }
  done
}
for page in "$runbooks"/Sfb*.md; do
  check "$(basename "$page") is whole" whole_page "$page"
done

check 'the numbers of the runbooks' python3 "$here/numbers.py"
check 'the words of the alerts' python3 "$here/words.py" "$rules/alerts.yml"
check 'the agent in the words of its alerts' python3 "$here/agents.py" "$rules/alerts.yml"
check 'the pair directions' python3 "$here/directions.py" "$rules/alerts.yml"
check 'incidents' python3 "$here/incidents.py" "$rules/alerts.yml"
check 'short incidents' python3 "$here/incidents.py" "$rules/alerts.yml" --mutants

/usr/bin/python3 "$here/mutants.py" "$rules/alerts.yml" "$work/mutants"
for mutant in "$work"/mutants/*; do
  check "mutant $(basename "$mutant") is a valid rule file" promtool check rules --lint=none "$mutant/alerts.yml"
  python3 "$here/incidents.py" "$mutant/alerts.yml" --mutants --names > "$mutant/noticed" || true
  while read -r alert; do
    check "an incident notices $alert $(basename "$mutant")" grep -x "$alert" "$mutant/noticed"
  done < "$mutant/names"
done

finish
