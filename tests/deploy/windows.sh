#!/usr/bin/env bash
# Checks deploy/windows as far as Linux can: the scripts use nothing newer than PowerShell 3.0, and the export keeps
# its order of writing; the task is well-formed and says what the README promises; the role of jea lists what the
# collectors ask; the sample exports in tests/golden/export are there. Where the engine lab is built, Microsoft's own
# parser reads every script. Last line: N passed, N failed.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
script=$root/deploy/windows/Export-BackupStatus.ps1
jea=$root/deploy/windows/jea
role=$jea/SfbBackupJea/RoleCapabilities/SfbBackup.psrc
task=$root/deploy/windows/ExportBackupStatus.xml
# shellcheck source=tests/check.sh
. "$root/tests/check.sh"

# too_new FILE: finds what PowerShell 3.0 does not know. Comments are cut off first.
too_new() {
  sed -e '/^<#/,/^#>/d' -e 's/^ *#.*//' "$1" |
    grep -nE '::new\(|\?\?|\?\.|&&|\|\||^ *(class|enum|using) |-Parallel|clean *\{|Join-String|Get-Error|-AsUTC|-NoNewline|utf8NoBOM|Foreach\(|\.Where\('
}
for each in "$root"/deploy/windows/*.ps1 "$jea/Register-SfbBackupJea.ps1"; do
  name=$(basename "$each")
  check "$name: nothing newer than PowerShell 3.0" fails too_new "$each"
  check "$name: declares PowerShell 3.0" grep -qxF '#requires -Version 3.0' "$each"
done
mapfile -t powershell < <(find "$root/deploy/windows" -name '*.ps*')
check 'several files of PowerShell' test "${#powershell[@]}" -ge 5
check 'ASCII only, Windows PowerShell would guess the encoding' fails grep -nP '[^\x00-\x7F]' "${powershell[@]}"
# shellcheck disable=SC2016
for sample in '$x = [Text.StringBuilder]::new()' 'class A { }' '$a ?? 1' 'a && b' '$l.Where({ $_ })'; do
  echo "$sample" >"$work/new.ps1"
  check "newer syntax is found: $sample" too_new "$work/new.ps1"
done
# The switch's name is no secret.
secrets() { sed s/UseDefaultCredentials//g "$1" | grep -niE 'password *=|credential|securestring'; }
check 'no credentials' fails secrets "$script"
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

# The role and the session of jea: what the collectors ask, by name, and no door beside it.
allowed() { sed -nE "s/^ +@\{ Name = '([^']+)'.*/\1/p" "$role" | sort; }
asked() { grep -rhoE '"Get-Cs[A-Za-z]+"' "$root/collectors" "$root/agent" --include='*.hpp' --include='cmdlet.cpp' | tr -d '"' | sort -u; }
every_asked() { comm -13 <(allowed) <(asked) >"$work/missing"; cat "$work/missing"; [ ! -s "$work/missing" ]; }
check 'some cmdlets are asked' test "$(asked | wc -l)" -ge 3
check 'the role of jea has every cmdlet that is asked' every_asked
check 'each once, and only those that read' fails bash -c "sed -nE \"s/^ +@\\{ Name = '([^']+)'.*/\1/p\" '$role' | sort | uniq -c | grep -vE '^ +1 Get-Cs[A-Za-z]+\$'"
check 'no wildcard, no function, no program, no provider' fails grep -nE "'[^']*\*|Visible(Functions|ExternalCommands|Providers|Aliases)|ScriptsToProcess|FunctionDefinitions" "$role" "$jea/SfbBackup.pssc"
for line in "SessionType = 'RestrictedRemoteServer'" "LanguageMode = 'NoLanguage'" "MountUserDrive = \$false"; do
  check "the session of jea: $line" grep -qF "    $line" "$jea/SfbBackup.pssc"
done
check 'the README of jea tells of each cmdlet' bash -c "for one in $(allowed | tr '\n' ' '); do grep -q \"\$one\" '$jea/README.md' || { echo \$one; exit 1; }; done"

# Microsoft's own parser, where it could be built.
engine=${SFB_LAB:-$root/build/lab/sfb_lab}
# parses FILE: no error in it.
parses() {
  # shellcheck disable=SC2016
  "$engine" -NoLogo -NoProfile -NonInteractive -Command '& { param($File) $errors = $null
    $null = [System.Management.Automation.Language.Parser]::ParseFile($File, [ref] $null, [ref] $errors)
    $errors | ForEach-Object { "$($_.Extent.StartLineNumber): $($_.Message)" }; exit [int] ($errors.Count -gt 0) }' "$1"
}
if [ -x "$engine" ]; then
  for each in "${powershell[@]}"; do
    check "$(basename "$each") parses" parses "$each"
  done
  # shellcheck disable=SC2016
  echo 'if ($true) { "x' >"$work/broken.ps1"
  check 'a broken script is found' fails parses "$work/broken.ps1"
  # protocols NOW: what the script offers where NOW is offered, as its engine takes it.
  protocols() {
    # shellcheck disable=SC2016
    "$engine" -NoLogo -NoProfile -NonInteractive -Command '& { param($File, $Now)
      $found = [System.Management.Automation.Language.Parser]::ParseFile($File, [ref] $null, [ref] $null).Find(
        { $args[0] -is [System.Management.Automation.Language.FunctionDefinitionAst] -and $args[0].Name -eq "Get-Protocol" }, $true)
      . ([scriptblock]::Create($found.Extent.Text))
      [Net.ServicePointManager]::SecurityProtocol = Get-Protocol ([Net.SecurityProtocolType] [int] $Now)
      [int] [Net.ServicePointManager]::SecurityProtocol }' "$script" "$1"
  }
  # 48 SSL 3, 192 TLS 1.0, 768 TLS 1.1, 3072 TLS 1.2, 12288 TLS 1.3; 0 is the choice of the system.
  for each in 0:0 192:3264 240:3264 3072:3072 15360:15360; do
    check "protocols: ${each%:*} becomes ${each#*:}" test "$(protocols "${each%:*}")" = "${each#*:}"
  done
else
  echo 'the engine lab is not there (tests/lab/powershell/build): nothing was parsed'
fi

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
