#!/usr/bin/env bash
# deploy/quickstart --once prints what it promises. usage: quickstart_test.sh [QUICKSTART ARGUMENT...] (from anywhere)
# With --build DIR it shows the programs of that build; without, it builds its own, as a newcomer's first command does.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd /
out=$("$root/deploy/quickstart" --once "$@" 2>&1) || { printf '%s\n' "$out"; exit 1; }
for expected in 'PS> Get-CsBackupServiceStatus -PoolFqdn atl-cs-001.litwareinc.com' \
  'BackupModules' 'ConfServices.DataConf:[ErrorState,NormalState]' 'scheme=https' 'TLSv1.' 'protocol     server 2.3' 'FullLanguage' \
  'sfb_backup_up{pool="atl-cs-001.litwareinc.com"} 1' 'working:    yes' \
  'sfb_backup_up{pool="nyc-cs-001.fabrikam.com"} 1' 'sfb_backup_service_working{pool="nyc-cs-001.fabrikam.com"} 0' \
  'sfb_backup_module_export_state="NonSteadyState"} 1'; do
  if ! grep -qF -- "$expected" <<< "$out"; then
    printf 'missing in the output: %s\n%s\n' "$expected" "$out" >&2
    exit 1
  fi
done
[ "$(grep -c '^PS> ' <<< "$out")" = 6 ]
echo "quickstart_test: ok"
