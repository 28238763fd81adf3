#!/usr/bin/env bash
# Checks deploy/prometheus: syntax, the rule tests, a runbook section for every alert, and that the
# tests would notice a broken rule (every alert is broken in four ways, a test of that very alert must
# fail each time). Last line: N passed, N failed. Needs promtool and python3-yaml; one to three minutes.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
rules=$root/deploy/prometheus
# shellcheck source=tests/check.sh
. "$root/tests/check.sh"

check 'promtool check rules' promtool check rules "$rules/alerts.yml"
check 'promtool check config' promtool check config "$rules/scrape.yml"
tests=("$here"/*_test.yml)
for file in "${tests[@]}"; do
  check "rule tests $(basename "$file")" promtool test rules "$file"
done

# Every alert has its section, every section its alert, every link its section.
alerts=$(sed -n 's/^ *- alert: *//p' "$rules/alerts.yml" | sort -u)
sections=$(sed -n 's/^## \(SfbBackup.*\)$/\1/p' "$rules/runbook.md" | sort -u)
links=$(sed -n 's/^ *runbook_url: .*#//p' "$rules/alerts.yml" | sort -u)
check 'there are alerts' test -n "$alerts"
check 'a runbook section for every alert and none besides' diff <(echo "$alerts") <(echo "$sections")
check 'runbook links' diff <(echo "$alerts" | tr '[:upper:]' '[:lower:]' | sort -u) <(echo "$links")

# The tests name the rules by a relative path, so a mutant gets a tree of the same shape. Only the
# tests by alert name take part: promtool says of a failed one which alert it was about.
test_mutant() {
  mkdir -p "$1/tests/prometheus" "$1/deploy/prometheus"
  mv "$1/alerts.yml" "$1/deploy/prometheus/"
  cp "$here"/{states,cms,collectors,evaluations}_test.yml "$1/tests/prometheus/"
  promtool check rules "$1/deploy/prometheus/alerts.yml" >"$1/check" 2>&1 || return 1
  # One process per file, side by side; that they fail is what the caller wants to see.
  local file
  for file in "$1"/tests/prometheus/*_test.yml; do
    promtool test rules "$file" >"$file.output" 2>&1 &
  done
  wait
  cat "$1"/tests/prometheus/*.output >"$1/output"
}
/usr/bin/python3 "$here/mutants.py" "$rules/alerts.yml" "$work/mutants"
for mutant in "$work"/mutants/*; do
  check "mutant $(basename "$mutant") is a valid rule file" test_mutant "$mutant"
  while read -r alert; do
    check "a test notices $alert $(basename "$mutant")" grep -E "alertname: ?$alert," "$mutant/output"
  done <"$mutant/alerts"
done

finish
