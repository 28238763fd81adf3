#!/usr/bin/env bash
# Checks deploy/windows as far as Linux can: the script uses nothing newer than PowerShell 3.0 and keeps
# its order of writing; the task is well-formed and says what the README promises; the sample exports in
# tests/golden/export are there. Last line: N passed, N failed.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
script=$root/deploy/windows/Export-BackupStatus.ps1
task=$root/deploy/windows/ExportBackupStatus.xml
# shellcheck source=tests/check.sh
. "$root/tests/check.sh"

# too_new FILE: finds what PowerShell 3.0 does not know. Comments are cut off first.
too_new() {
  sed -e '/^<#/,/^#>/d' -e 's/^ *#.*//' "$1" |
    grep -nE '::new\(|\?\?|\?\.|&&|\|\||^ *(class|enum|using) |-Parallel|clean *\{|Join-String|Get-Error|-AsUTC|-NoNewline|utf8NoBOM|Foreach\(|\.Where\('
}
check 'nothing newer than PowerShell 3.0' fails too_new "$script"
# shellcheck disable=SC2016
for sample in '$x = [Text.StringBuilder]::new()' 'class A { }' '$a ?? 1' 'a && b' '$l.Where({ $_ })'; do
  echo "$sample" >"$work/new.ps1"
  check "newer syntax is found: $sample" too_new "$work/new.ps1"
done
check 'declares PowerShell 3.0' grep -qxF '#requires -Version 3.0' "$script"
check 'ASCII only, Windows PowerShell would guess the encoding' fails grep -nP '[^\x00-\x7F]' "$script"
check 'no credentials' fails grep -niE 'password *=|credential|securestring' "$script"
# Everything is written under a temporary name.
check 'only the temporary file is written' fails bash -c "grep -nE 'Export-Clixml|WriteAllText|Out-File|Set-Content' '$script' | grep -v '\$temporary' | grep -vE '^[0-9]+:.*(#|Import-Clixml reads)'"

# What the script can ask. The backup status goes first: what ends the task early costs the others.
# shellcheck disable=SC2016
mapfile -t collectors < <(sed -nE '/^\$Known/,/^\}/s/^ +([a-z_]+) = @.*/\1/p' "$script")
check 'several collectors' test "${#collectors[@]}" -ge 4
check 'the backup status first' test "${collectors[0]}" = backup_service_status
for collector in "${collectors[@]}"; do
  check "the README tells of $collector" grep -qF "\`$collector\`" "$root/deploy/windows/README.md"
  check "the script's help tells of $collector" grep -qE "^[^=]*\b$collector\b[^=]*$" "$script"
done

cat >"$work/task.py" <<'PY'
import sys
import xml.etree.ElementTree as tree

ns = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
task = tree.parse(sys.argv[1]).getroot()
wanted = {
    "t:Triggers/t:TimeTrigger/t:Repetition/t:Interval": "PT2M",
    "t:Settings/t:StartWhenAvailable": "true",
    "t:Settings/t:ExecutionTimeLimit": "PT1M30S",
    "t:Settings/t:MultipleInstancesPolicy": "IgnoreNew",
    "t:Principals/t:Principal/t:LogonType": "Password",
    "t:Principals/t:Principal/t:RunLevel": "LeastPrivilege",
}
wrong = [p for p, text in wanted.items() if task.findtext(p, namespaces=ns) != text]
parts = sorted(child.tag.split("}")[1] for child in task)
if parts != ["Actions", "Principals", "RegistrationInfo", "Settings", "Triggers"]:
    wrong.append(f"parts {parts}")
ids = {p.get("id") for p in task.findall("t:Principals/t:Principal", ns)}
if task.find("t:Actions", ns).get("Context") not in ids:
    wrong.append("Actions/@Context names no principal")
if "Export-BackupStatus.ps1" not in task.findtext("t:Actions/t:Exec/t:Arguments", namespaces=ns):
    wrong.append("Arguments")
sys.exit(f"wrong: {wrong}" if wrong else 0)
PY
check 'the task' /usr/bin/python3 "$work/task.py" "$task"
sed 's/PT2M/PT20M/' "$task" >"$work/slow.xml"
check 'a changed task is found' fails /usr/bin/python3 "$work/task.py" "$work/slow.xml"

check 'sample exports' test "$(find "$root/tests/golden/export" -name '*.clixml' | wc -l)" -ge 10

finish
