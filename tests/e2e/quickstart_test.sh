#!/usr/bin/env bash
# deploy/quickstart shows what it promises, on one screen, and leaves no program and no file behind.
# usage: quickstart_test.sh [QUICKSTART ARGUMENT...] (from anywhere)
# With --build DIR it shows the programs of that build; without, it builds its own, as a newcomer's first command does.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd /
export TMPDIR
TMPDIR=$(mktemp -d)
started=''
finish() {
  [ -z "$started" ] || kill "$started" 2> /dev/null || true
  rm -rf "$TMPDIR" "$TMPDIR.out"
}
trap finish EXIT
page='  The status page   http://127.0.0.1:'

fail() {
  printf '%s\n%s\n' "$1" "$out" >&2
  exit 1
}

# Each program of the quickstart has a file of its folder on its command line.
nothing_is_left() {
  local left
  left=$(grep -lzF "$TMPDIR" /proc/[0-9]*/cmdline 2> /dev/null || true)
  [ -z "$left" ] || fail "still running: $left"
  [ -z "$(ls -A "$TMPDIR")" ] || fail "files are left: $(ls -A "$TMPDIR")"
}

shows() {
  local expected
  for expected in "$@"; do
    grep -qF -- "$expected" <<< "$out" || fail "missing in the output: $expected"
  done
}

run() {
  local status=0
  timeout 600 "$root/deploy/quickstart" "$@" > "$TMPDIR.out" 2>&1 || status=$?
  out=$(cat "$TMPDIR.out")
  [ "$status" = 0 ] || fail "quickstart $* ended with $status"
}

run --once "$@"
shows 'atl-cs-001.litwareinc.com  dropped files      working' 'sea-cs-001.fabrikam.com    WinRM over HTTPS   working' \
  'nyc-cs-001.fabrikam.com    WinRM over HTTPS   not working  ConfServices.DataConf' \
  'PS> Get-CsBackupServiceStatus -PoolFqdn nyc-cs-001.fabrikam.com' 'BackupModules' "$page"
[ "$(wc -l <<< "$out")" -le 24 ] || fail 'more than one screen'
nothing_is_left

run --once --verbose "$@"
shows 'PS> Get-CsBackupServiceStatus -PoolFqdn' 'BackupModules' 'ConfServices.DataConf:[ErrorState,NormalState]' 'scheme=https' 'TLSv1.' \
  'protocol     server 2.3' 'FullLanguage' 'sfb_backup_up{pool="atl-cs-001.litwareinc.com"} 1' 'working:    yes' \
  'sfb_backup_up{pool="nyc-cs-001.fabrikam.com"} 1' 'sfb_backup_module_export_state="NonSteadyState"} 1' "$page"
nothing_is_left

run --once --with-prometheus "$@"
shows "$page" '  Prometheus        http://127.0.0.1:' '  Alertmanager      http://127.0.0.1:'
fires=$(grep -nF 'SfbBackupExportError fires' <<< "$out" | cut -d: -f1 || true)
resolved=$(grep -nF 'the alert is resolved' <<< "$out" | cut -d: -f1 || true)
if [ "${fires:-0}" -eq 0 ] || [ "${resolved:-0}" -le "$fires" ]; then fail 'the alert was not seen to fire and to be resolved'; fi
[ "$(wc -l <<< "$out")" -le 26 ] || fail 'more than one screen'
nothing_is_left

# Ctrl-C. What bash starts behind `&` does not hear it, unless env gives it back.
env --default-signal=INT "$root/deploy/quickstart" --listen-address 127.0.0.1:0 "$@" > "$TMPDIR.out" 2>&1 &
started=$!
for _ in $(seq 600); do
  out=$(cat "$TMPDIR.out")
  if grep -qF 'Ctrl-C ends it' <<< "$out"; then break; fi
  kill -0 "$started" 2> /dev/null || fail 'it ended by itself'
  sleep 0.5
done
kill -INT "$started"
wait "$started" || fail 'Ctrl-C is no failure'
started=''
out=$(cat "$TMPDIR.out")
shows 'Ctrl-C ends it' 'stopping'
nothing_is_left
echo "quickstart_test: ok"
