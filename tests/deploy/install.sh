#!/usr/bin/env bash
# Installs what was built into an empty folder: every link of every document leads somewhere there, what other installed files name is
# there, and the simulator is not, unless it is asked for. Last line: N passed, N failed.
#
# usage: install.sh BUILD
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$1
# shellcheck source=tests/check.sh
. "$root/tests/check.sh"

check 'installs' env DESTDIR="$work/tree" cmake --install "$build"
doc=$(find "$work/tree" -type d -path '*/doc/sfb-backup-exporter')
share=$(dirname "$(dirname "$doc")")
bin=$(dirname "$share")/bin

check 'all links lead somewhere' "$root/tests/deploy/links.py" "$work/tree"
for document in README.md CHANGELOG.md LICENSE config/sfb_backup_exporter.yml deploy/windows/README.md deploy/prometheus/alerts.yml; do
  check "$document is installed" test -f "$doc/$document"
done
check 'README has no chapter about the sources' fails grep -q 'sources only\|CONTRIBUTING' "$doc/README.md"
check 'README has the rest' grep -q '^## License' "$doc/README.md"
for file in Export-BackupStatus.ps1 Set-WinRmHttpsListener.ps1 jea/Register-SfbBackupJea.ps1 jea/SfbBackup.pssc jea/SfbBackupJea/RoleCapabilities/SfbBackup.psrc; do
  check "for Windows: $file is installed" test -f "$share/sfb_backup_exporter/windows/$file"
done

# runbook_url of each alert: a page that is installed, by the last part of its http address.
runbooks() {
  local url
  sed -n 's/^ *"\{0,1\}runbook_url"\{0,1\}: "\{0,1\}\([^" ]*\)"\{0,1\}$/\1/p' "$1" | sort -u > "$work/urls"
  [ -s "$work/urls" ] || return 1
  while read -r url; do
    if [[ "$url" != http*://* ]] || [ ! -f "$doc/deploy/runbooks/${url##*/}" ]; then
      echo "$url leads nowhere"
      return 1
    fi
  done < "$work/urls"
}
check 'the alerts find their runbook' runbooks "$share/sfb_backup_exporter/prometheus/alerts.yml"

for file in dashboards/sfb-backup-{overview,pool,exporter}.json provisioning/dashboards/sfb-backup.yml provisioning/datasources/sfb-backup.yml; do
  check "for Grafana: $file is installed" test -f "$share/sfb_backup_exporter/grafana/$file"
done

for file in container/sfb-backup-exporter.container kubernetes/{base,site}/kustomization.yaml kubernetes/base/prometheusrule.yaml kubernetes/site/monitoring.password; do
  check "$file is installed" test -f "$share/sfb_backup_exporter/$file"
done

for program in sfb_backup_exporter Get-CsBackupServiceStatus; do
  check "$program is installed" test -x "$bin/$program"
done
man=$share/man
for page in man8/sfb_backup_exporter.8 man5/sfb_backup_exporter.yml.5 man1/Get-CsBackupServiceStatus.1; do
  check "the manual page $page is installed" test -s "$man/$page"
done
named() {
  local command
  for command in "$bin"/Get-Cs*; do
    grep -qs "^\.Nm ${command##*/}" "$man/man1/${command##*/}.1" || { echo "no page of ${command##*/}"; return 1; }
  done
}
check 'each command has a page under its own name' named
simulator() { find "$work/tree" -name '*simulator*' | grep .; }
check 'the simulator is not' fails simulator
check 'it can be' env DESTDIR="$work/lab" cmake --install "$build" --component simulator
check 'and is then' test -x "$work/lab/${bin#"$work/tree"}/sfb_backup_simulator"
check 'with its manual page' test -s "$work/lab/${man#"$work/tree"}/man1/sfb_backup_simulator.1"
check 'with documents whose links lead somewhere' "$root/tests/deploy/links.py" "$work/lab"

rm "$doc/deploy/metrics.md"
check 'a dead link is found' fails "$root/tests/deploy/links.py" "$work/tree"
sed 's|/runbooks/|/runbooks/no-|' "$share/sfb_backup_exporter/prometheus/alerts.yml" > "$work/alerts.yml"
check 'an alert without a page is found' fails runbooks "$work/alerts.yml"
finish
