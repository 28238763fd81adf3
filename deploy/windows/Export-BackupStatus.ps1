<#
.SYNOPSIS
Writes what Get-CsBackupServiceStatus says about one or more pools into files for sfb_backup_exporter.

.DESCRIPTION
Loads the management module once, runs Get-CsBackupServiceStatus once per pool (with -PerCategory once
per pool and category) and writes each answer with its errors, its warnings and the time into one file.
A failure is written as well: a file with State Failed and the error in it. Without that the exporter
could only say that the file grows old, not why.

With -Collector it asks further cmdlets too. Those about the whole deployment are asked once, and the
answer is written into a file for each pool.

With -WriteConfiguration it writes no answers. It asks which pools have a Backup Service, which are paired,
where they are and which has the active master of the Central Management store, and prints the section
"pools" of the exporter's configuration, as the exporter's command "discover" does where it can reach a
front end. What could not be known stands in comments.

A file appears under its name only when it is complete: it is written beside and renamed.

With -Uri each answer is sent to the exporter (its transport push). What cannot be sent, after a few tries,
is written to -Path instead; what was sent is not.

Nothing is read or stored but the answer of the cmdlet: no passwords, no configuration. The script does
not change anything in the topology.

Exit code: 0 every question was answered; 1 at least one was not (its file, or a comment, says why); 2 at
least one file could not be written or answer sent, the parameters make no sense, or no pool was found to be
configured.

.PARAMETER PoolFqdn
The pools to ask. A comma separated text is split, here, in -Collector and in -Module, because
powershell.exe -File hands over "-PoolFqdn a,b" as one text.

.PARAMETER Path
An existing folder for the files: <pool>.clixml, with -PerCategory <pool>.All.clixml,
<pool>.UserData.clixml, <pool>.CMS.clixml and <pool>.RGS.clixml; with -Format Json the same with .json.
Pool names are lower case in file names, as the exporter looks for them.

With -WriteConfiguration the file for the section, which is UTF-8. Without it the section is printed.

.PARAMETER Uri
Where the exporter is: https://exporter.contoso.com:9943. The answers are sent there. Give -TokenFile or
-UseDefaultCredentials as well. Plain http is taken for this machine alone (localhost, 127.0.0.1, [::1]). The
system's proxy is not used.

.PARAMETER TokenFile
A file whose first line is the token that the exporter's configuration names. Let nobody but the account of
the task read it. A warning tells where Everyone, Users or Authenticated Users may.

.PARAMETER UseDefaultCredentials
Log on to the exporter with Kerberos, as the account of the task.

.PARAMETER WriteConfiguration
Print the section "pools" instead of exporting answers.

.PARAMETER EndpointName
With -WriteConfiguration: the endpoint that the pools are reached through.

.PARAMETER PerCategory
Ask without a category (All) and for each of the categories UserData, CMS and RGS. Costs four calls per
pool; needed only if somebody asks the exporter with -Category.

.PARAMETER Collector
What to ask, by the exporter's names: backup_service_status, management_store_replication,
central_management_store, backup_service_configuration, pool_backup_relationship. Without it:
backup_service_status. With it the names of the files tell what was asked: <pool>.<collector>.clixml, with
-PerCategory <pool>.<collector>.<category>.clixml, where only backup_service_status has other categories
than All.

.PARAMETER IncludeText
Write beside the objects what a console of 80 and one of 120 columns prints of them here, and the name of
the culture. The exporter then answers with this text where somebody asks for one of these widths. Costs
some kilobytes per file.

.PARAMETER Module
The module that brings the cmdlet. Several are tried in this order until one brings it.

.PARAMETER Format
Clixml (keeps types; what Import-Clixml reads) or Json.

.EXAMPLE
.\Export-BackupStatus.ps1 -PoolFqdn pool01.contoso.com, pool02.contoso.com -Path D:\SfbBackupStatus

.EXAMPLE
powershell.exe -NoProfile -NonInteractive -File Export-BackupStatus.ps1 -PoolFqdn pool01.contoso.com -Path D:\SfbBackupStatus -PerCategory

.EXAMPLE
.\Export-BackupStatus.ps1 -PoolFqdn pool01.contoso.com -Path D:\SfbBackupStatus -Collector backup_service_status, management_store_replication

.EXAMPLE
.\Export-BackupStatus.ps1 -PoolFqdn pool01.contoso.com -Path D:\SfbBackupStatus -Uri https://exporter.contoso.com:9943 -TokenFile D:\SfbBackupExport\token.txt

.EXAMPLE
.\Export-BackupStatus.ps1 -WriteConfiguration -EndpointName atlanta -Path D:\SfbBackupStatus\pools.yml
#>
#requires -Version 3.0
[CmdletBinding(DefaultParameterSetName = 'Export')]
param(
    [Parameter(Mandatory = $true, ParameterSetName = 'Export')]
    [ValidateNotNullOrEmpty()]
    [string[]] $PoolFqdn,

    [Parameter(Mandatory = $true, ParameterSetName = 'Export')]
    [Parameter(ParameterSetName = 'Configuration')]
    [ValidateNotNullOrEmpty()]
    [string] $Path,

    [Parameter(ParameterSetName = 'Export')]
    [switch] $PerCategory,

    [Parameter(ParameterSetName = 'Export')]
    [ValidateNotNullOrEmpty()]
    [string[]] $Collector = @('backup_service_status'),

    [Parameter(ParameterSetName = 'Export')]
    [switch] $IncludeText,

    [Parameter(ParameterSetName = 'Export')]
    [ValidatePattern('^https?://')]
    [string] $Uri,

    [Parameter(ParameterSetName = 'Export')]
    [ValidateNotNullOrEmpty()]
    [string] $TokenFile,

    [Parameter(ParameterSetName = 'Export')]
    [switch] $UseDefaultCredentials,

    [Parameter(Mandatory = $true, ParameterSetName = 'Configuration')]
    [switch] $WriteConfiguration,

    [Parameter(ParameterSetName = 'Configuration')]
    [ValidatePattern('^[A-Za-z0-9_-]+$')]
    [string] $EndpointName = 'front-end',

    [ValidateNotNullOrEmpty()]
    [string[]] $Module = @('SkypeForBusiness', 'Lync'),

    [Parameter(ParameterSetName = 'Export')]
    [ValidateSet('Clixml', 'Json')]
    [string] $Format = 'Clixml'
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

# The least at which the modules arrive as objects (the wrapper and its lists take up no depth). Not more:
# errors hang on to exceptions and commands, and the next level makes them three times as large.
$ExportDepth = 2

# The longest text that -IncludeText writes; the exporter reads none that is longer.
$MostText = 65536

# How often an answer is sent at most, and how long one try may take and all of them together. The task is
# ended after 90 seconds.
$MostTries = 4
$TrySeconds = 10
$AllTriesSeconds = 30

# How many bytes of what the exporter says are read; 500 characters of them are shown.
$MostAnswer = 2048

# Groups that are never the account of a task. Their names differ between languages, their SIDs do not.
$OpenGroups = @{ 'S-1-1-0' = 'Everyone'; 'S-1-5-32-545' = 'Users'; 'S-1-5-11' = 'Authenticated Users' }

# What each collector asks, and with which parameters. Those that do not ask a pool are asked once. The
# backup status goes first: what ends the task early costs the others.
$Known = [ordered]@{
    backup_service_status = @{ Cmdlet = 'Get-CsBackupServiceStatus'; AsksPool = $true; Categories = $true; Switches = @{} }
    management_store_replication = @{ Cmdlet = 'Get-CsManagementStoreReplicationStatus'; AsksPool = $false; Categories = $false; Switches = @{} }
    central_management_store = @{ Cmdlet = 'Get-CsManagementStoreReplicationStatus'; AsksPool = $false; Categories = $false; Switches = @{ CentralManagementStoreStatus = $true } }
    backup_service_configuration = @{ Cmdlet = 'Get-CsBackupServiceConfiguration'; AsksPool = $false; Categories = $false; Switches = @{ LocalStore = $true } }
    pool_backup_relationship = @{ Cmdlet = 'Get-CsPoolBackupRelationship'; AsksPool = $true; Categories = $false; Switches = @{ LocalStore = $true } }
}

# Loads the first module that brings $Cmdlet. Complaints of a module that works all the same become
# warnings; if none works, all complaints are errors.
function Import-StatusModule {
    param([string[]] $Name, [string] $Cmdlet)

    $problems = @()
    foreach ($candidate in $Name) {
        $importErrors = @()
        $terminating = $null
        try {
            Import-Module $candidate -DisableNameChecking -ErrorAction SilentlyContinue -ErrorVariable importErrors -WarningAction SilentlyContinue
        } catch {
            $terminating = $_
        }
        $found = @(Select-ErrorRecord $importErrors $terminating)
        $problems += $found
        # A module that is not installed says nothing about the next one.
        if (@($found | Where-Object { $_.FullyQualifiedErrorId -like 'Modules_ModuleNotFound*' }).Count -gt 0) {
            continue
        }
        if (Get-Command $Cmdlet -ErrorAction SilentlyContinue) {
            return [pscustomobject]@{
                Loaded = $true
                Errors = @()
                Warnings = @($found | ForEach-Object { 'module {0}: {1}' -f $candidate, $_ })
            }
        }
    }
    # Perhaps the session brought the cmdlet along, as the management shell does.
    $present = @(Get-Command $Cmdlet -ErrorAction SilentlyContinue).Count -gt 0
    if (-not $present -and @($problems).Count -eq 0) {
        # Loaded without a complaint, but not the module we mean: a Failed file must say why.
        $text = 'None of the modules brings {0}: {1}' -f $Cmdlet, ($Name -join ', ')
        $cause = New-Object System.Management.Automation.CommandNotFoundException $text
        $problems = @(New-Object System.Management.Automation.ErrorRecord $cause, 'CmdletNotInModule', 'ObjectNotFound', $Cmdlet)
    }
    [pscustomobject]@{ Loaded = $present; Errors = $problems; Warnings = @() }
}

# The error records of an -ErrorVariable, the terminating one last and only once. Such a variable may hold
# exceptions that carry a record, and the terminating error a second time.
function Select-ErrorRecord {
    param($Collected, $Terminating)

    foreach ($item in @($Collected)) {
        if ($item -is [System.Management.Automation.IContainsErrorRecord]) {
            $item = $item.ErrorRecord
        }
        if ($item -isnot [System.Management.Automation.ErrorRecord]) {
            continue
        }
        if ($null -ne $Terminating) {
            $same = [object]::ReferenceEquals($item.Exception, $Terminating.Exception) -or
                ("$item" -eq "$Terminating" -and $item.FullyQualifiedErrorId -eq $Terminating.FullyQualifiedErrorId)
            if ($same) {
                continue
            }
        }
        $item
    }
    if ($null -ne $Terminating) {
        $Terminating
    }
}

# One call of a cmdlet with all of its streams.
function Get-Answer {
    param([string] $Cmdlet, [hashtable] $Question)

    $callOutput = @()
    $callErrors = @()
    $callWarnings = @()
    $terminating = $null
    try {
        # OutVariable keeps what came before a terminating error, an assignment would lose it.
        & $Cmdlet @Question -OutVariable callOutput -ErrorAction SilentlyContinue -ErrorVariable callErrors -WarningAction SilentlyContinue -WarningVariable callWarnings | Out-Null
    } catch {
        $terminating = $_
    }
    $state = 'Completed'
    if ($null -ne $terminating) {
        $state = 'Failed'
    }
    [pscustomobject]@{
        At = Get-UtcText
        State = $state
        Output = @($callOutput)
        Errors = @(Select-ErrorRecord $callErrors $terminating)
        Warnings = @(@($callWarnings) | ForEach-Object { "$_" })
        # Servers before 2019 do not know the category RGS and say so here.
        Refused = $null -ne $terminating -and $terminating.Exception -is [System.Management.Automation.ParameterBindingException]
    }
}

# How many items each list of the file has: of a list in a file nobody sees that one is gone.
function Get-ItemCount {
    param($Export)

    $counts = [ordered]@{ Output = $Export.Output.Count; Errors = $Export.Errors.Count; Warnings = $Export.Warnings.Count }
    $rows = 0
    foreach ($item in $Export.Output) {
        if ($null -eq $item -or -not $item.PSObject.Properties['BackupModules']) {
            continue
        }
        try {
            if ($null -ne $item.BackupModules) {
                $rows += @($item.BackupModules).Count
            }
        } catch {
            # Then the file will not hold them either.
            return $counts
        }
        $counts['BackupModules'] = $rows
    }
    $counts
}

# What a console of 80 and one of 120 columns prints of the objects. Nothing, and a warning, where that
# cannot be made: the objects count without it.
function Get-ConsoleText {
    param([string] $Name, $Objects)

    $text = [ordered]@{ Culture = [Globalization.CultureInfo]::CurrentCulture.Name }
    foreach ($width in 80, 120) {
        $made = ''
        try {
            # A console uses all columns but its last.
            $made = [string] ($Objects | Out-String -Width ($width - 1))
        } catch {
            Write-Warning "${Name}: the file has no text: $_"
            return
        }
        if ($made.Length -gt $MostText) {
            Write-Warning "${Name}: the file has no text: it would be longer than $MostText characters"
            return
        }
        $text["Width$width"] = $made
    }
    [pscustomobject] $text
}

function Get-UtcText {
    [DateTime]::UtcNow.ToString('o', [Globalization.CultureInfo]::InvariantCulture)
}

# JSON has no enums and no types, and Windows PowerShell would write an enum as a number that nobody can
# read back. So: names for enums, text for everything that is neither a plain value nor a list nor a row.
function ConvertTo-Plain {
    param($Value, [int] $Level)

    if ($null -eq $Value) {
        return $null
    }
    if ($Value -is [System.Management.Automation.ErrorRecord]) {
        return ConvertTo-PlainError $Value
    }
    if ($Value -is [string] -or $Value -is [bool] -or ($Value -is [ValueType] -and $Value.GetType().IsPrimitive)) {
        return $Value
    }
    if ($Value -is [DateTime]) {
        return $Value.ToString('o', [Globalization.CultureInfo]::InvariantCulture)
    }
    if ($Value -is [ValueType] -or $Level -ge 6) {
        return "$Value"
    }
    if ($Value -is [Collections.IEnumerable] -and $Value -isnot [Collections.IDictionary]) {
        $items = @(foreach ($item in $Value) { ConvertTo-Plain $item ($Level + 1) })
        return , $items
    }
    $isRow = $Level -le 3 -or $Value.PSObject.Properties['Identity'] -or "$Value" -eq $Value.GetType().FullName
    if (-not $isRow) {
        return "$Value"
    }
    $plain = [ordered]@{}
    if ($Value -is [Collections.IDictionary]) {
        foreach ($key in @($Value.Keys)) {
            $plain["$key"] = ConvertTo-Plain $Value[$key] ($Level + 1)
        }
    } else {
        foreach ($property in $Value.PSObject.Properties) {
            $plain[$property.Name] = ConvertTo-Plain $property.Value ($Level + 1)
        }
    }
    $plain
}

# The same members that an error record has in CLIXML.
function ConvertTo-PlainError {
    param($Record)

    $info = $Record.CategoryInfo
    $plain = [ordered]@{
        Exception = [ordered]@{ Message = $Record.Exception.Message }
        FullyQualifiedErrorId = $Record.FullyQualifiedErrorId
        ErrorCategory_Category = [int] $info.Category
        ErrorCategory_Activity = $info.Activity
        ErrorCategory_Reason = $info.Reason
        ErrorCategory_TargetName = $info.TargetName
        ErrorCategory_TargetType = $info.TargetType
        ErrorCategory_Message = "$info"
    }
    if ($null -ne $Record.ErrorDetails -and $Record.ErrorDetails.Message) {
        $plain['ErrorDetails_Message'] = $Record.ErrorDetails.Message
    }
    $plain
}

# Writes beside; Move-Complete renames.
function Write-Export {
    param($Export, [string] $File)

    $temporary = "$File.tmp"
    if ($Format -eq 'Json') {
        $text = ConvertTo-Json -InputObject (ConvertTo-Plain $Export 0) -Depth 10
        [IO.File]::WriteAllText($temporary, $text, (New-Object Text.UTF8Encoding $false))
    } else {
        Export-Clixml -InputObject $Export -LiteralPath $temporary -Depth $ExportDepth -Encoding UTF8 -Force
    }
    Move-Complete $temporary $File
}

# A reader sees the old file or the new one, never a half.
function Move-Complete {
    param([string] $temporary, [string] $File)

    if (-not [IO.File]::Exists($File)) {
        [IO.File]::Move($temporary, $File)
        return
    }
    try {
        # No backup file. A plain $null would arrive as an empty name.
        [IO.File]::Replace($temporary, $File, [NullString]::Value)
    } catch {
        # Some file servers cannot replace. This way there is a moment without a file, which the exporter
        # survives with its last good answer.
        Move-Item -LiteralPath $temporary -Destination $File -Force
    }
}

# From here to Write-Configuration: the section "pools". The exporter's command "discover" reads the same
# answers in the same way; the tests compare the two.
$HarmfulCharacters = '[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]'
$StoreQuestion = 'Get-CsManagementStoreReplicationStatus -CentralManagementStoreStatus'

# A server's words for a comment: nothing in them ends a line or moves a cursor, and they have an end.
function ConvertTo-CommentText {
    param([string] $Text)

    $clean = [regex]::Replace($Text, $HarmfulCharacters, '?')
    $at = 0
    for ($count = 0; $count -lt 200 -and $at -lt $clean.Length; $count++) {
        if ([char]::IsHighSurrogate($clean[$at]) -and $at + 1 -lt $clean.Length) {
            $at++
        }
        $at++
    }
    if ($at -lt $clean.Length) {
        return $clean.Substring(0, $at) + '...'
    }
    $clean
}

# The texts of a value: one, or one for each item of a list. A live object may fail to make one.
function Get-ValueText {
    param($Value)

    if ($null -eq $Value) {
        return
    }
    if ($Value -is [Collections.IEnumerable] -and $Value -isnot [string] -and $Value -isnot [Collections.IDictionary]) {
        foreach ($item in $Value) {
            if ($null -ne $item) {
                try { [string] $item } catch { '' }
            }
        }
        return
    }
    try { [string] $Value } catch { '' }
}

# An object as a list of members with their texts. A text alone is a member without a name.
function Get-Row {
    param($Value)

    $row = New-Object Collections.ArrayList
    if ($Value -is [string] -or $Value -is [ValueType]) {
        [void] $row.Add(@{ Name = ''; Texts = @(Get-ValueText $Value) })
    } elseif ($Value -is [Collections.IDictionary]) {
        foreach ($key in @($Value.Keys)) {
            [void] $row.Add(@{ Name = [string] $key; Texts = @(Get-ValueText $Value[$key]) })
        }
    } elseif ($null -ne $Value) {
        foreach ($property in $Value.PSObject.Properties) {
            $content = $null
            try { $content = $property.Value } catch { $content = $null }
            [void] $row.Add(@{ Name = $property.Name; Texts = @(Get-ValueText $content) })
        }
    }
    , $row
}

function Get-RowText {
    param($Row, [string] $Member)

    foreach ($each in $Row) {
        if ($each.Name -eq $Member) {
            return $each.Texts
        }
    }
}

# The server or pool that a text is, also behind a role: no version, no address, no site, no type.
function Get-HostName {
    param([string] $Text)

    $name = $Text.Trim([char[]] " `t`r`n")
    if ($name -cmatch '^(System|Microsoft\.Rtc)\.') {
        return
    }
    $colon = $name.IndexOf(':')
    if ($colon -ge 0) {
        if ($name.Substring(0, $colon) -eq 'Site') {
            return
        }
        $name = $name.Substring($colon + 1)
    }
    if ($name.EndsWith('.')) {
        $name = $name.Substring(0, $name.Length - 1)
    }
    $label = '[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?'
    if ($name.Length -le 253 -and $name -cmatch "^($label\.)+$label\z" -and $name -cmatch '\.[^.]*[A-Za-z][^.]*\z') {
        $name.ToLowerInvariant()
    }
}

# The first text of the first of these members that is a host.
function Get-MemberHost {
    param($Row, [string[]] $Members)

    foreach ($member in $Members) {
        $texts = @(Get-RowText $Row $member)
        if ($texts.Count -gt 0) {
            $name = Get-HostName $texts[0]
            if ($name) {
                return $name
            }
        }
    }
}

# The different hosts of all members.
function Get-RowHost {
    param($Row)

    $seen = @{}
    foreach ($member in $Row) {
        foreach ($text in $member.Texts) {
            $name = Get-HostName $text
            if ($name -and -not $seen.ContainsKey($name)) {
                $seen[$name] = $true
                $name
            }
        }
    }
}

function Get-OnlyHost {
    param($Row)

    $hosts = @(Get-RowHost $Row)
    if ($hosts.Count -eq 1) {
        $hosts[0]
    }
}

function Get-SiteName {
    param($Row)

    $candidates = @()
    foreach ($member in 'SiteId', 'Site') {
        $candidates += @(Get-RowText $Row $member) | Select-Object -First 1
    }
    foreach ($member in $Row) {
        $candidates += @($member.Texts | Where-Object { $_ -match '^[ \t\r\n]*Site:' }) | Select-Object -First 1
    }
    foreach ($candidate in $candidates) {
        $name = ([string] $candidate).Trim([char[]] " `t`r`n")
        if ($name -match '^Site:') {
            $name = $name.Substring(5).Trim([char[]] " `t`r`n")
        }
        if ($name -and $name -cnotmatch '^(System|Microsoft\.Rtc)\.') {
            return $name
        }
    }
}

# Lines that show an object whole, within limits.
function Get-ShownRow {
    param([string] $Question, $Row)

    "${Question}: an object was not understood. Its members:"
    $count = 0
    foreach ($member in $Row) {
        if ($count -eq 30) {
            '  and {0} more' -f ($Row.Count - 30)
            break
        }
        $count++
        $texts = @($member.Texts)
        $joined = @($texts | Select-Object -First 20) -join ', '
        if ($texts.Count -gt 20) {
            $joined += ', ...'
        }
        $name = ConvertTo-CommentText $member.Name
        if ($name) {
            $name += ':'
        }
        '  ' + (@(@($name, (ConvertTo-CommentText $joined)) | Where-Object { $_ }) -join ' ')
    }
}

# Rows of an answer, and what went wrong.
function Get-Heard {
    param([string] $Cmdlet, [hashtable] $Question)

    $answer = Get-Answer $Cmdlet $Question
    $rows = New-Object Collections.ArrayList
    foreach ($item in $answer.Output) {
        $row = Get-Row $item
        if ($row.Count -gt 0) {
            [void] $rows.Add($row)
        }
    }
    $trouble = ''
    if ($answer.Errors.Count -gt 0) {
        $trouble = "$($answer.Errors[0])"
    }
    @{ Rows = $rows; Trouble = $trouble; Failed = $answer.State -ne 'Completed'
        NoParameter = @($answer.Errors | Where-Object { $_.FullyQualifiedErrorId -like 'NamedParameterNotFound*' }).Count -gt 0 }
}

function Add-Site {
    param($Topology, [string] $Pool, [string] $Site)

    if (-not $Topology.Sites.ContainsKey($Pool) -or -not $Topology.Sites[$Pool]) {
        $Topology.Sites[$Pool] = $Site
    }
}

function Test-HasUsers {
    param($Row)

    foreach ($member in $Row) {
        if (@($member.Texts | Where-Object { $_ -match '^[ \t\r\n]*UserServer:' }).Count -gt 0) {
            return $true
        }
    }
    $false
}

function Read-Services {
    param($Topology, $Heard)

    if ($Heard.Trouble) {
        [void] $Topology.Remarks.Add('Get-CsService -UserServer: ' + (ConvertTo-CommentText $Heard.Trouble))
    }
    $whole = -not $Heard.Trouble -and $Heard.Rows.Count -gt 0
    foreach ($row in $Heard.Rows) {
        $pool = Get-MemberHost $row @('PoolFqdn', 'Identity')
        if (-not $pool) {
            foreach ($member in $row) {
                foreach ($text in $member.Texts) {
                    if (-not $pool -and $text -match '^[ \t\r\n]*UserServer:') {
                        $pool = Get-HostName $text
                    }
                }
            }
        }
        if (-not $pool -and -not (Test-HasUsers $row)) {
            $pool = Get-OnlyHost $row
        }
        if (-not $pool) {
            $Topology.Remarks.AddRange(@(Get-ShownRow 'Get-CsService -UserServer' $row))
            $whole = $false
            continue
        }
        # Version 6 of the topology is Lync Server 2013, the first with a Backup Service.
        $version = @(Get-RowText $row 'Version')
        if ($version.Count -gt 0 -and $version[0] -match '^-?[0-9]{1,9}\z' -and [int] $version[0] -lt 6) {
            if (-not $Topology.TooOld.ContainsKey($pool)) {
                $Topology.TooOld[$pool] = $true
                [void] $Topology.Remarks.Add(('{0}: version {1} of the topology has no Backup Service.' -f $pool, [int] $version[0]))
            }
            continue
        }
        Add-Site $Topology $pool (Get-SiteName $row)
    }
    $Topology.Whole = $Topology.Whole -or $whole
}

function Read-Pools {
    param($Topology, $Heard)

    if ($Heard.Trouble) {
        [void] $Topology.Remarks.Add('Get-CsPool: ' + (ConvertTo-CommentText $Heard.Trouble))
    }
    $understood = -not $Heard.Trouble
    $any = $false
    foreach ($row in $Heard.Rows) {
        $pool = Get-MemberHost $row @('Identity', 'Fqdn')
        if (-not $pool) {
            $pool = Get-OnlyHost $row
        }
        if (-not $pool) {
            $Topology.Remarks.AddRange(@(Get-ShownRow 'Get-CsPool' $row))
            $understood = $false
            continue
        }
        foreach ($member in $row) {
            foreach ($text in $member.Texts) {
                if ($text.Contains(':')) {
                    continue
                }
                $server = Get-HostName $text
                if ($server -and -not $Topology.PoolOf.ContainsKey($server)) {
                    $Topology.PoolOf[$server] = $pool
                }
            }
        }
        $hasUsers = Test-HasUsers $row
        $any = $any -or $hasUsers
        $listed = $hasUsers -or $Topology.Sites.ContainsKey($pool)
        if ($listed -and -not $Topology.TooOld.ContainsKey($pool)) {
            Add-Site $Topology $pool (Get-SiteName $row)
        }
    }
    $Topology.Whole = $Topology.Whole -or ($understood -and $any)
}

# A server stands for its pool.
function Get-Owner {
    param($Topology, [string] $Name)

    if (-not $Topology.Sites.ContainsKey($Name) -and $Topology.PoolOf.ContainsKey($Name)) {
        return $Topology.PoolOf[$Name]
    }
    $Name
}

# Sets Partner of the pool where the answer names one.
function Read-Partner {
    param($Topology, $Pool, $Heard)

    $question = 'Get-CsPoolBackupRelationship -PoolFqdn {0}' -f $Pool.Fqdn
    if ($Heard.Trouble) {
        [void] $Pool.Remarks.Add("${question}: " + (ConvertTo-CommentText $Heard.Trouble))
    }
    if ($Heard.Failed) {
        return
    }
    $others = @($Heard.Rows | ForEach-Object { Get-RowHost $_ } | ForEach-Object { Get-Owner $Topology $_ } |
            Where-Object { $_ -ne $Pool.Fqdn } | Select-Object -Unique)
    if ($others.Count -gt 1) {
        $others = @($others | Where-Object { $Topology.Sites.ContainsKey($_) })
    }
    # Where all pools with users are listed, no other host is a partner.
    if ($others.Count -eq 1 -and (-not $Topology.Whole -or $Topology.Sites.ContainsKey($others[0]))) {
        $Pool.Partner = $others[0]
        return
    }
    $foreign = 0
    foreach ($row in $Heard.Rows) {
        foreach ($member in $row) {
            $foreign += @($member.Texts | Where-Object { $_.Trim([char[]] " `t`r`n") -and (Get-HostName $_) -ne $Pool.Fqdn }).Count
        }
    }
    if ($others.Count -eq 0 -and $foreign -eq 0) {
        if (-not $Heard.Trouble) {
            $Pool.NamesNone = $true
            [void] $Pool.Remarks.Add("$question names no partner.")
        }
        return
    }
    foreach ($row in @($Heard.Rows | Select-Object -First 3)) {
        $Pool.Remarks.AddRange(@(Get-ShownRow $question $row))
    }
    if ($Heard.Rows.Count -gt 3) {
        [void] $Pool.Remarks.Add(('{0}: {1} more objects are not shown.' -f $question, ($Heard.Rows.Count - 3)))
    }
}

function Read-Site {
    param($Topology, $Pool)

    $site = $Topology.Sites[$Pool.Fqdn]
    if (-not $site) {
        [void] $Pool.Remarks.Add('{0}: the site is not known.' -f $Pool.Fqdn)
    } elseif ([Text.Encoding]::UTF8.GetByteCount($site) -gt 128 -or $site -match $HarmfulCharacters) {
        [void] $Pool.Remarks.Add(('{0}: a configuration cannot hold the name of its site: {1}' -f $Pool.Fqdn, (ConvertTo-CommentText $site)))
    } else {
        $Pool.Site = $site
    }
}

function Read-Master {
    param($Topology, $Heard)

    if ($Heard.Trouble) {
        [void] $Topology.Remarks.Add("${StoreQuestion}: " + (ConvertTo-CommentText $Heard.Trouble))
    }
    $machine = $null
    foreach ($row in $Heard.Rows) {
        $here = Get-MemberHost $row @('ActiveMasterFqdn', '')
        $isThere = @($row | Where-Object { $_.Name -eq 'ActiveMasterFqdn' }).Count -gt 0
        if (-not $here -and $isThere -and -not ((@(Get-RowText $row 'ActiveMasterFqdn') -join '').Trim([char[]] " `t`r`n"))) {
            continue
        }
        if (-not $here -or $machine) {
            $Topology.Remarks.AddRange(@(Get-ShownRow $StoreQuestion $row))
            return
        }
        $machine = $here
    }
    if (-not $machine) {
        if (-not $Heard.Trouble) {
            [void] $Topology.Remarks.Add("$StoreQuestion names no active master.")
        }
        return
    }
    $pool = Get-Owner $Topology $machine
    if (@($Topology.Pools | Where-Object { $_.Fqdn -eq $pool }).Count -gt 0) {
        $Topology.Master = $pool
        return
    }
    [void] $Topology.Remarks.Add("The Central Management store's active master is $machine, which is in none of these pools.")
}

function Get-Entry {
    param($Topology, $Pool, [string] $Mark)

    "${Mark}- fqdn: $($Pool.Fqdn)"
    "${Mark}  endpoint: `"$EndpointName`""
    "${Mark}  paired_pool: $($Pool.Partner)".TrimEnd()
    $site = $Pool.Site.Replace('\', '\\').Replace('"', '\"')
    "${Mark}  site: `"$site`""
    if ($Topology.Master -eq $Pool.Fqdn) {
        "${Mark}  cms_master: true"
    }
}

function Get-Section {
    param($Topology)

    '# The pools with a Backup Service, as a front end of their deployment knows them.'
    '# All of them are reached through one endpoint here.'
    foreach ($remark in @($Topology.Remarks | Select-Object -First 200)) {
        "# $remark"
    }
    if ($Topology.Remarks.Count -gt 200) {
        '# {0} more lines are not shown.' -f ($Topology.Remarks.Count - 200)
    }
    if (@($Topology.Pools | Where-Object { $_.Partner }).Count -gt 0) {
        'pools:'
    } else {
        'pools: []'
    }
    foreach ($pool in $Topology.Pools) {
        foreach ($remark in $pool.Remarks) {
            "  # $remark"
        }
        if ($pool.Partner) {
            Get-Entry $Topology $pool '  '
        } else {
            '  # {0}: without a partner it is left out.' -f $pool.Fqdn
            Get-Entry $Topology $pool '  # '
        }
    }
}

function Get-Topology {
    $topology = @{ Sites = @{}; TooOld = @{}; PoolOf = @{}; Pools = (New-Object Collections.ArrayList)
        Remarks = (New-Object Collections.ArrayList); Master = $null; Whole = $false; AllAnswered = $true }
    $services = Get-Heard 'Get-CsService' @{ UserServer = $true }
    $pools = Get-Heard 'Get-CsPool' @{}
    $store = Get-Heard 'Get-CsManagementStoreReplicationStatus' @{ CentralManagementStoreStatus = $true }
    Read-Services $topology $services
    Read-Pools $topology $pools
    $names = [string[]] @($topology.Sites.Keys)
    [Array]::Sort($names, [StringComparer]::Ordinal)
    $question = @{ LocalStore = $true }
    foreach ($name in @($names | Select-Object -First 500)) {
        $pool = @{ Fqdn = $name; Partner = $null; NamesNone = $false; Site = ''; Remarks = (New-Object Collections.ArrayList) }
        Read-Site $topology $pool
        $question['PoolFqdn'] = $name
        $heard = Get-Heard 'Get-CsPoolBackupRelationship' $question
        if ($heard.NoParameter -and $question.ContainsKey('LocalStore')) {
            $question.Remove('LocalStore')
            $heard = Get-Heard 'Get-CsPoolBackupRelationship' $question
        }
        if ($heard.Trouble) {
            $topology.AllAnswered = $false
        }
        Read-Partner $topology $pool $heard
        [void] $topology.Pools.Add($pool)
    }
    # Two pools must name each other; the configuration refuses one whose partner names another.
    $partners = @{}
    $byName = @{}
    foreach ($pool in $topology.Pools) {
        $byName[$pool.Fqdn] = $pool
        if ($pool.Partner) {
            $partners[$pool.Fqdn] = $pool.Partner
        }
    }
    foreach ($pool in $topology.Pools) {
        if (-not $pool.Partner -or -not $byName.ContainsKey($pool.Partner)) {
            continue
        }
        $other = $byName[$pool.Partner]
        $back = $partners[$other.Fqdn]
        if ($back -eq $pool.Fqdn -or (-not $back -and -not $other.NamesNone)) {
            continue
        }
        $named = if ($back) { $back } else { 'none' }
        [void] $pool.Remarks.Add(('{0}: its partner {1} names {2} as its own.' -f $pool.Fqdn, $other.Fqdn, $named))
        [void] $other.Remarks.Add(('{0}: {1} names it as its partner.' -f $other.Fqdn, $pool.Fqdn))
        if ($back) {
            $pool.Partner = $null
        }
    }
    if ($names.Length -gt $topology.Pools.Count) {
        [void] $topology.Remarks.Add(('{0} more pools are not listed.' -f ($names.Length - $topology.Pools.Count)))
    }
    Read-Master $topology $store
    if ($services.Trouble -or $pools.Trouble -or $store.Trouble) {
        $topology.AllAnswered = $false
    }
    $topology
}

# Prints or writes the section. Sets the exit code.
function Write-Configuration {
    $script:exitCode = 2
    $loaded = Import-StatusModule $modules 'Get-CsService'
    if (-not $loaded.Loaded) {
        Write-Warning "$(@($loaded.Errors)[-1])"
        return
    }
    $topology = Get-Topology
    if ($topology.Pools.Count -eq 0) {
        foreach ($remark in $topology.Remarks) {
            Write-Warning $remark
        }
        Write-Warning 'No pool with users was named.'
        return
    }
    $lines = @(Get-Section $topology)
    if ($Path) {
        $file = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
        $temporary = "$file.tmp"
        try {
            [IO.File]::WriteAllText($temporary, (($lines -join "`n") + "`n"), (New-Object Text.UTF8Encoding $false))
            Move-Complete $temporary $file
        } catch {
            Write-Warning "${file}: cannot be written: $_"
            return
        }
    } else {
        $lines
    }
    $script:exitCode = 0
    if (-not $topology.AllAnswered) {
        Write-Warning 'Some questions were not answered; comments in the section say why.'
        $script:exitCode = 1
    }
}

# The beginning of what the exporter says. It only explains the status: where it breaks off, that what came does.
function Read-Answer {
    param($Response)

    $bytes = New-Object byte[] $MostAnswer
    $length = 0
    $clock = [Diagnostics.Stopwatch]::StartNew()
    try {
        $stream = $Response.GetResponseStream()
        do {
            $got = $stream.Read($bytes, $length, $bytes.Length - $length)
            $length += $got
        } while ($got -gt 0 -and $length -lt $bytes.Length -and $clock.Elapsed.TotalSeconds -lt $TrySeconds)
    } catch {
        Write-Verbose "The answer broke off: $_"
    }
    $says = [Text.Encoding]::UTF8.GetString($bytes, 0, $length)
    $says.Substring(0, [Math]::Min(500, $says.Length))
}

# One try. Gives the status of the answer, 0 where none came, and what to say about it.
function Send-Once {
    param([byte[]] $Body, [string] $Type, [string] $Target)

    $request = [Net.WebRequest]::Create($Target)
    $request.Method = 'PUT'
    $request.ContentType = $Type
    $request.Timeout = $TrySeconds * 1000
    $request.ReadWriteTimeout = $TrySeconds * 1000
    $request.AllowAutoRedirect = $false
    # A proxy would be one more that reads along, or the wrong way to a machine of the same network.
    $request.Proxy = $null
    if ($UseDefaultCredentials) {
        $request.UseDefaultCredentials = $true
    } else {
        $request.Headers.Add('Authorization', "Bearer $token")
    }
    $response = $null
    try {
        try {
            $request.ContentLength = $Body.Length
            $stream = $request.GetRequestStream()
            $stream.Write($Body, 0, $Body.Length)
            $stream.Close()
            $response = $request.GetResponse()
        } catch {
            $cause = $_.Exception
            while ($null -ne $cause -and $cause -isnot [Net.WebException]) {
                $cause = $cause.InnerException
            }
            if ($null -eq $cause -or $null -eq $cause.Response) {
                $inner = $_.Exception.GetBaseException().Message
                return @{ Status = 0; Says = $inner; Wait = 0; Doubt = '' }
            }
            $response = $cause.Response
        }
        $says = Read-Answer $response
        $wait = 0
        [void] [int]::TryParse("$($response.Headers['Retry-After'])", [ref] $wait)
        $doubt = "$($response.Headers['X-Doubt'])"
        $doubt = $doubt.Substring(0, [Math]::Min(500, $doubt.Length))
        @{ Status = [int] $response.StatusCode; Says = $says; Wait = $wait; Doubt = $doubt }
    } finally {
        if ($null -ne $response) {
            $response.Close()
        }
    }
}

# Sends a file. True where the exporter has it, or has a newer one.
function Send-Export {
    param([string] $File, [string] $Pool, [string] $What)

    if ($script:sendingFailed) {
        # The time of the task is for the other questions.
        Write-Warning "${What}: not sent, because the exporter did not answer before"
        return $false
    }
    $body = [IO.File]::ReadAllBytes($File)
    $type = 'application/xml'
    if ($Format -eq 'Json') {
        $type = 'application/json'
    }
    $target = '{0}/api/v1/exports/{1}' -f $Uri.TrimEnd('/'), $Pool
    $clock = [Diagnostics.Stopwatch]::StartNew()
    for ($try = 1; ; $try++) {
        $answer = Send-Once $body $type $target
        if ($answer.Doubt) {
            Write-Warning "${What}: $($answer.Doubt)"
        }
        switch ($answer.Status) {
            204 { return $true }
            202 {
                Write-Warning "${What}: the exporter uses it, but cannot keep it: $($answer.Says)"
                return $true
            }
            409 {
                Write-Warning "${What}: the exporter has a newer one: $($answer.Says)"
                return $true
            }
        }
        # Another try helps where nobody answered, and where the exporter has no time now.
        $again = $answer.Status -eq 0 -or $answer.Status -eq 408 -or $answer.Status -eq 429 -or $answer.Status -ge 500
        $pause = [Math]::Max($answer.Wait, [Math]::Pow(2, $try - 1))
        if (-not $again -or $try -ge $MostTries -or $clock.Elapsed.TotalSeconds + $pause -gt $AllTriesSeconds) {
            $script:sendingFailed = $again
            Write-Warning "${What}: not sent to ${target}, status $($answer.Status): $($answer.Says)"
            return $false
        }
        Start-Sleep -Seconds $pause
    }
}

# Whether what is sent to $Address can be read on the way by nobody else: https, or it does not leave this machine.
function Test-SafeAddress {
    param([Uri] $Address)

    if ($Address.Scheme -eq 'https' -or $Address.DnsSafeHost -eq 'localhost') {
        return $true
    }
    $ip = $null
    [Net.IPAddress]::TryParse($Address.DnsSafeHost, [ref] $ip) -and [Net.IPAddress]::IsLoopback($ip)
}

# The protocols to offer where $Now are offered: TLS 1.2 is added, SSL 3 (48) is dropped. 0 leaves the choice to
# Windows, which adding one would take away.
function Get-Protocol {
    param([int] $Now)

    if ($Now -eq 0) {
        return 0
    }
    ($Now -bor 3072) -band (-bnot 48)
}

# Warns where a group that everybody is in may read the file with the token. Only Windows has Get-Acl.
function Show-TokenReader {
    param([string] $File)

    if (-not (Get-Command Get-Acl -ErrorAction SilentlyContinue)) {
        return
    }
    try {
        $rules = @((Get-Acl -LiteralPath $File).GetAccessRules($true, $true, [Security.Principal.SecurityIdentifier]))
    } catch {
        Write-Warning "TokenFile: who may read '$File' cannot be seen: $_"
        return
    }
    # 1 is the right to read the data.
    $readers = @($rules | Where-Object { $_.AccessControlType -eq 'Allow' -and ([int] $_.FileSystemRights -band 1) } |
        ForEach-Object { $OpenGroups["$($_.IdentityReference.Value)"] } | Where-Object { $_ } | Sort-Object -Unique)
    if ($readers.Count -gt 0) {
        Write-Warning "TokenFile: '$File' can be read by $($readers -join ', '). Let only the account of the task and administrators read it: icacls FILE /inheritance:r /grant:r ACCOUNT:R BUILTIN\Administrators:F"
    }
}

# The token, of a file that nobody else should read.
function Get-Token {
    $file = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($TokenFile)
    $lines = @([IO.File]::ReadAllLines($file))
    if ($lines.Count -eq 0 -or $lines[0].Trim() -notmatch '^[A-Za-z0-9._~+/=-]{16,}$') {
        throw 'its first line is no token'
    }
    Show-TokenReader $file
    $lines[0].Trim()
}

$modules = @($Module | ForEach-Object { $_ -split ',' } | ForEach-Object { $_.Trim() } | Where-Object { $_ })
if ($WriteConfiguration) {
    Write-Configuration
    exit $exitCode
}
$folder = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
if (-not [IO.Directory]::Exists($folder)) {
    Write-Warning "Path: the folder '$folder' does not exist or cannot be seen by this account. Create it and give the account the right to modify it."
    exit 2
}
$pools = @($PoolFqdn | ForEach-Object { $_ -split ',' } | ForEach-Object { $_.Trim().TrimEnd('.').ToLowerInvariant() } | Where-Object { $_ })
foreach ($pool in $pools) {
    # The name becomes part of a file name.
    if ($pool -notmatch '^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$') {
        Write-Warning "PoolFqdn: '$pool' is not a host name. Give the fully qualified name of a pool, for example pool01.contoso.com."
        exit 2
    }
}
$wanted = @($Collector | ForEach-Object { $_ -split ',' } | ForEach-Object { $_.Trim().ToLowerInvariant() } | Where-Object { $_ })
foreach ($name in $wanted) {
    if (-not $Known.Contains($name)) {
        Write-Warning "Collector: '$name' is unknown. Known are $(@($Known.Keys) -join ', ')."
        exit 2
    }
}
$token = ''
$sendingFailed = $false
if ($Uri) {
    $address = $null
    if (-not [Uri]::TryCreate($Uri, [UriKind]::Absolute, [ref] $address)) {
        Write-Warning 'Uri: it is no address. Give one as https://exporter.contoso.com:9943.'
        exit 2
    }
    if (-not (Test-SafeAddress $address)) {
        Write-Warning "Uri: over plain http what is sent to '$($address.DnsSafeHost)' could be read on the way. Give an address with https; http is taken for localhost, 127.0.0.1 and [::1] alone."
        exit 2
    }
    if ($UseDefaultCredentials.IsPresent -eq [bool] $TokenFile) {
        Write-Warning 'Uri: give either -TokenFile or -UseDefaultCredentials.'
        exit 2
    }
    if ($TokenFile) {
        try {
            $token = Get-Token
        } catch {
            Write-Warning "TokenFile: '$TokenFile' cannot be used: $_"
            exit 2
        }
    }
    if ($PSVersionTable.PSVersion.Major -lt 6) {
        # Old servers offer TLS 1.0 alone, which the exporter refuses.
        [Net.ServicePointManager]::SecurityProtocol = Get-Protocol ([Net.ServicePointManager]::SecurityProtocol)
    }
} elseif ($TokenFile -or $UseDefaultCredentials) {
    Write-Warning 'TokenFile and UseDefaultCredentials need -Uri.'
    exit 2
}
$nameCollector = $PSBoundParameters.ContainsKey('Collector')
$extension = $Format.ToLowerInvariant()

$exitCode = 0
$loaded = Import-StatusModule $modules 'Get-CsBackupServiceStatus'
foreach ($collected in @($Known.Keys | Where-Object { $wanted -contains $_ })) {
    $what = $Known[$collected]
    $categories = @('All')
    if ($PerCategory -and $what.Categories) {
        $categories = @('All', 'UserData', 'CMS', 'RGS')
    }
    $answer = $null
    foreach ($pool in $pools) {
        foreach ($category in $categories) {
            if (-not $loaded.Loaded) {
                $answer = [pscustomobject]@{ At = Get-UtcText; State = 'Failed'; Output = @(); Errors = $loaded.Errors; Warnings = @(); Refused = $false }
            } elseif ($what.AsksPool -or $null -eq $answer) {
                $question = $what.Switches.Clone()
                if ($what.AsksPool) {
                    $question['PoolFqdn'] = $pool
                }
                if ($category -ne 'All') {
                    $question['Category'] = $category
                }
                $answer = Get-Answer $what.Cmdlet $question
            }
            $export = [pscustomobject]@{
                SfbBackupExport = 1
                PoolFqdn = $pool
                Collector = $collected
                ExportedAt = $answer.At
                PSVersion = "$($PSVersionTable.PSVersion)"
                State = $answer.State
                Output = @($answer.Output)
                Errors = @($answer.Errors)
                Warnings = @($loaded.Warnings) + @($answer.Warnings)
            }
            if ($category -ne 'All') {
                $export | Add-Member -MemberType NoteProperty -Name Category -Value $category
            }
            $export | Add-Member -MemberType NoteProperty -Name Counts -Value ([pscustomobject] (Get-ItemCount $export))

            $asked = $category
            if (-not $what.Categories) {
                $asked = $collected
            }
            # A text of what a failure left would pass for the whole.
            if ($IncludeText -and $export.State -eq 'Completed') {
                $text = Get-ConsoleText "$pool $asked" $export.Output
                if ($null -ne $text) {
                    $export | Add-Member -MemberType NoteProperty -Name Text -Value $text
                }
            }
            $hasAnswer = $answer.State -eq 'Completed' -and ($export.Output.Count -gt 0 -or $export.Errors.Count -eq 0)
            if (-not $hasAnswer) {
                $reason = 'no error was given'
                if ($export.Errors.Count -gt 0) {
                    $reason = "$($export.Errors[-1])"
                }
                Write-Warning "${pool} ${asked}: $reason"
                # A category that this version does not have is told in its file; it is no fault of the pool.
                if ($exitCode -eq 0 -and -not ($answer.Refused -and $category -ne 'All')) {
                    $exitCode = 1
                }
            }

            $name = $pool
            if ($nameCollector) {
                $name = "$name.$collected"
            }
            if ($PerCategory) {
                $name = "$name.$category"
            }
            $file = [IO.Path]::Combine($folder, "$name.$extension")
            try {
                Write-Export $export $file
                if ($Uri) {
                    if (Send-Export $file $pool "$pool $asked") {
                        [IO.File]::Delete($file)
                    } else {
                        Write-Warning "${pool} ${asked}: written to $file instead"
                        $exitCode = 2
                    }
                }
            } catch {
                Write-Warning "$folder\$name.${extension}: cannot be written: $_"
                $exitCode = 2
            }
        }
    }
}
exit $exitCode
