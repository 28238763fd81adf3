#!/usr/bin/env bash
# Checks deploy/systemd: the unit is valid and its exposure is at most 1.2, and both checks can fail.
# Last line: N passed, N failed. Needs systemd-analyze (Debian package systemd); systemd need not run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
unit=$root/deploy/systemd/sfb-backup-exporter.service
# shellcheck source=tests/check.sh
. "$root/tests/check.sh"

# exposure UNIT: fails above 1.2 (the threshold is in tenths).
exposure() { systemd-analyze security --offline=true --threshold=12 --no-pager "$1"; }
# valid UNIT: systemd-analyze wants the binary to exist, and warns without failing about unknown keys.
valid() {
  local copy
  copy=$work/verify/$(basename "$unit")
  mkdir -p "$work/verify"
  sed 's|/usr/bin/sfb_backup_exporter|/bin/true|' "$1" >"$copy"
  systemd-analyze verify --man=no "$copy" 2>&1 | tee "$work/verify.output"
  ! grep -F "$(basename "$unit")" "$work/verify.output"
}

check 'exposure is at most 1.2' exposure "$unit"
check 'systemd-analyze verify' valid "$unit"

grep -vE '^(Protect|Private|Restrict|SystemCall)' "$unit" >"$work/soft.service"
check 'a unit without hardening is found' fails exposure "$work/soft.service"
sed 's/^NoNewPrivileges=/NoNewPrivilege=/' "$unit" >"$work/typo.service"
check 'a misspelt key is found' fails valid "$work/typo.service"

# What the rest of the project relies on.
check 'reads the installed configuration' grep -qF -- '--config.file=/etc/sfb_backup_exporter/sfb_backup_exporter.yml' "$unit"
check 'reload is SIGHUP' grep -qxF "ExecReload=/bin/sh -c 'kill -HUP \$MAINPID'" "$unit"
# What the check reads is what the service reads.
flags() { sed -n "s|^$1=/usr/bin/sfb_backup_exporter||p" "$unit" | sed 's| --config.check||' | sort -u; }
same_flags() { [ "$(flags ExecStart)" = "$(flags ExecReload)" ] && [ -n "$(flags ExecReload)" ]; }
check 'a reload checks the configuration first' same_flags
first_checks() { grep -m1 '^ExecReload=' "$unit" | grep -qF -- --config.check; }
check 'and before it signals' first_checks
check 'flags come from /etc/default' grep -qxF 'EnvironmentFile=-/etc/default/sfb-backup-exporter' "$unit"
check 'runs as the account that sysusers makes' grep -qxF 'User=sfb-backup-exporter' "$unit"
made() { systemd-sysusers --root="$work/root" --dry-run "$root/deploy/systemd/sfb-backup-exporter.sysusers" 2>&1 | grep -F sfb-backup-exporter; }
mkdir -p "$work/root/etc"
check 'sysusers makes the account' made
check 'restarts however it ended' grep -qxF 'Restart=always' "$unit"
check 'writes no core file' grep -qxF 'LimitCORE=0' "$unit"
check 'start type' grep -qxF 'Type=notify' "$unit"
check 'a watchdog' grep -qxF 'WatchdogSec=60s' "$unit"

finish
