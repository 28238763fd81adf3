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
doc=$(find "$work/tree" -type d -path '*/doc/sfb_backup_exporter')
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

for program in sfb_backup_exporter Get-CsBackupServiceStatus; do
  check "$program is installed" test -x "$bin/$program"
done
simulator() { find "$work/tree" -name '*simulator*' | grep .; }
check 'the simulator is not' fails simulator
check 'it can be' env DESTDIR="$work/lab" cmake --install "$build" --component simulator
check 'and is then' test -x "$work/lab/${bin#"$work/tree"}/sfb_backup_simulator"
check 'with documents whose links lead somewhere' "$root/tests/deploy/links.py" "$work/lab"

rm "$doc/deploy/metrics.md"
check 'a dead link is found' fails "$root/tests/deploy/links.py" "$work/tree"
sed 's|/runbooks/|/runbooks/no-|' "$share/sfb_backup_exporter/prometheus/alerts.yml" > "$work/alerts.yml"
check 'an alert without a page is found' fails runbooks "$work/alerts.yml"
finish
