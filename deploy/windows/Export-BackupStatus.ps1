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

A file appears under its name only when it is complete: it is written beside and renamed.

Nothing is read or stored but the answer of the cmdlet: no passwords, no configuration. The script does
not change anything in the topology.

Exit code: 0 every question was answered; 1 at least one was not (its file says why); 2 at least one file
could not be written, or the parameters make no sense.

.PARAMETER PoolFqdn
The pools to ask. A comma separated text is split, here, in -Collector and in -Module, because
powershell.exe -File hands over "-PoolFqdn a,b" as one text.

.PARAMETER Path
An existing folder for the files: <pool>.clixml, with -PerCategory <pool>.All.clixml,
<pool>.UserData.clixml, <pool>.CMS.clixml and <pool>.RGS.clixml; with -Format Json the same with .json.
Pool names are lower case in file names, as the exporter looks for them.

.PARAMETER PerCategory
Ask without a category (All) and for each of the categories UserData, CMS and RGS. Costs four calls per
pool; needed only if somebody asks the exporter with -Category.

.PARAMETER Collector
What to ask, by the exporter's names: backup_service_status, management_store_replication,
central_management_store, backup_service_configuration, pool_backup_relationship. Without it:
backup_service_status. With it the names of the files tell what was asked: <pool>.<collector>.clixml, with
-PerCategory <pool>.<collector>.<category>.clixml, where only backup_service_status has other categories
than All.

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
#>
#requires -Version 3.0
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true)]
    [ValidateNotNullOrEmpty()]
    [string[]] $PoolFqdn,

    [Parameter(Mandatory = $true)]
    [ValidateNotNullOrEmpty()]
    [string] $Path,

    [switch] $PerCategory,

    [ValidateNotNullOrEmpty()]
    [string[]] $Collector = @('backup_service_status'),

    [ValidateNotNullOrEmpty()]
    [string[]] $Module = @('SkypeForBusiness', 'Lync'),

    [ValidateSet('Clixml', 'Json')]
    [string] $Format = 'Clixml'
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

# The least at which the modules arrive as objects (the wrapper and its lists take up no depth). Not more:
# errors hang on to exceptions and commands, and the next level makes them three times as large.
$ExportDepth = 2

# What each collector asks, and with which parameters. Those that do not ask a pool are asked once. The
# backup status goes first: what ends the task early costs the others.
$Known = [ordered]@{
    backup_service_status = @{ Cmdlet = 'Get-CsBackupServiceStatus'; AsksPool = $true; Categories = $true; Switches = @{} }
    management_store_replication = @{ Cmdlet = 'Get-CsManagementStoreReplicationStatus'; AsksPool = $false; Categories = $false; Switches = @{} }
    central_management_store = @{ Cmdlet = 'Get-CsManagementStoreReplicationStatus'; AsksPool = $false; Categories = $false; Switches = @{ CentralManagementStoreStatus = $true } }
    backup_service_configuration = @{ Cmdlet = 'Get-CsBackupServiceConfiguration'; AsksPool = $false; Categories = $false; Switches = @{ LocalStore = $true } }
    pool_backup_relationship = @{ Cmdlet = 'Get-CsPoolBackupRelationship'; AsksPool = $true; Categories = $false; Switches = @{ LocalStore = $true } }
}

# Loads the first module that brings the cmdlet. Complaints of a module that works all the same become
# warnings; if none works, all complaints are errors.
function Import-StatusModule {
    param([string[]] $Name)

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
        if (Get-Command Get-CsBackupServiceStatus -ErrorAction SilentlyContinue) {
            return [pscustomobject]@{
                Loaded = $true
                Errors = @()
                Warnings = @($found | ForEach-Object { 'module {0}: {1}' -f $candidate, $_ })
            }
        }
    }
    # Perhaps the session brought the cmdlet along, as the management shell does.
    $present = @(Get-Command Get-CsBackupServiceStatus -ErrorAction SilentlyContinue).Count -gt 0
    if (-not $present -and @($problems).Count -eq 0) {
        # Loaded without a complaint, but not the module we mean: a Failed file must say why.
        $text = 'None of the modules brings Get-CsBackupServiceStatus: {0}' -f ($Name -join ', ')
        $cause = New-Object System.Management.Automation.CommandNotFoundException $text
        $problems = @(New-Object System.Management.Automation.ErrorRecord $cause, 'CmdletNotInModule', 'ObjectNotFound', 'Get-CsBackupServiceStatus')
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

# Writes beside and renames, so that a reader sees the old file or the new one, never a half.
function Write-Export {
    param($Export, [string] $File)

    $temporary = "$File.tmp"
    if ($Format -eq 'Json') {
        $text = ConvertTo-Json -InputObject (ConvertTo-Plain $Export 0) -Depth 10
        [IO.File]::WriteAllText($temporary, $text, (New-Object Text.UTF8Encoding $false))
    } else {
        Export-Clixml -InputObject $Export -LiteralPath $temporary -Depth $ExportDepth -Encoding UTF8 -Force
    }
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
$nameCollector = $PSBoundParameters.ContainsKey('Collector')
$extension = $Format.ToLowerInvariant()

$exitCode = 0
$loaded = Import-StatusModule @($Module | ForEach-Object { $_ -split ',' } | ForEach-Object { $_.Trim() } | Where-Object { $_ })
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
            $export | Add-Member -MemberType NoteProperty -Name Counts -Value ([pscustomobject] (Get-ItemCount $export))

            $asked = $category
            if (-not $what.Categories) {
                $asked = $collected
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
            try {
                Write-Export $export ([IO.Path]::Combine($folder, "$name.$extension"))
            } catch {
                Write-Warning "$folder\$name.${extension}: cannot be written: $_"
                $exitCode = 2
            }
        }
    }
}
exit $exitCode
