<#
.SYNOPSIS
Registers, shows and removes the session configuration through which sfb_backup_exporter asks, and does nothing else.

.DESCRIPTION
register  copies the role capability into a module folder, makes the folder of the transcripts and registers the
          session configuration. What is registered already, and equal, is left alone. What this script did not
          register is never replaced.
show      tells what is registered, who may connect, as whom it runs, and with -UserName what that user may do.
remove    takes all of it away again, but for the transcripts.
write     writes the session configuration that register would register into the file -Path, and does nothing else.

A change counts once the service WinRM was restarted. That ends all PowerShell sessions with this server. The script
asks before; -Restart and -NoRestart answer.

With -GroupManagedServiceAccount it needs Windows PowerShell 5.1 on Windows Server 2012 or later. With
-RunAsCredential any version from 3.0 on will do; versions 3.0 and 4.0 limit the cmdlets but not their parameters and
write no transcripts.

Exit code: 0 done, or nothing to do; 1 it failed, or WinRM was not restarted yet; 2 the parameters make no sense.

.PARAMETER Action
register, show, remove or write.

.PARAMETER GroupManagedServiceAccount
The account that the cmdlets run as: CONTOSO\gmsa-sfbmon, with or without the $ at its end.

.PARAMETER RunAsCredential
An ordinary account instead, with its password, which WinRM keeps. Give it again after each change of the password.

.PARAMETER AllowedGroup
Who may connect: CONTOSO\SfbBackupMonitors. A group or one account.

.PARAMETER Module
The module with the cmdlets: SkypeForBusiness, or Lync on Lync Server 2013.

.PARAMETER Name
The name of the session configuration: configuration_name in the agent's configuration.

.PARAMETER TranscriptDirectory
Where the transcripts go. Made so that only Local System and administrators reach it.

.PARAMETER UserName
show: whose rights. CONTOSO\svc-sfbmon

.PARAMETER Path
write: the file.

.PARAMETER ForVersion
write: the version of Windows PowerShell that it is for, such as 4.0. Without it this one's.

.PARAMETER Restart
Restart WinRM without asking.

.PARAMETER NoRestart
Do not restart WinRM and do not ask.

.EXAMPLE
.\Register-SfbBackupJea.ps1 register -GroupManagedServiceAccount CONTOSO\gmsa-sfbmon -AllowedGroup CONTOSO\SfbBackupMonitors

.EXAMPLE
.\Register-SfbBackupJea.ps1 show -UserName CONTOSO\svc-sfbmon

.EXAMPLE
.\Register-SfbBackupJea.ps1 remove -WhatIf
#>
#requires -Version 3.0
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [Parameter(Mandatory = $true, Position = 0)]
    [ValidateSet('register', 'show', 'remove', 'write')]
    [string] $Action,

    [string] $GroupManagedServiceAccount,

    [System.Management.Automation.PSCredential] $RunAsCredential,

    [string] $AllowedGroup,

    [ValidateSet('SkypeForBusiness', 'Lync')]
    [string] $Module = 'SkypeForBusiness',

    [ValidatePattern('^[A-Za-z0-9][A-Za-z0-9._-]*$')]
    [string] $Name = 'SfbBackup',

    [string] $TranscriptDirectory = 'C:\ProgramData\SfbBackup\Transcripts',

    [string] $UserName,

    [string] $Path,

    [Version] $ForVersion,

    [switch] $Restart,

    [switch] $NoRestart
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$Template = [IO.Path]::Combine($PSScriptRoot, 'SfbBackup.pssc')
$ModuleFolder = [IO.Path]::Combine($PSScriptRoot, 'SfbBackupJea')
$Role = [IO.Path]::Combine($ModuleFolder, 'RoleCapabilities', 'SfbBackup.psrc')

$HalfDone = "# Half done.`r`n"

function Stop-Script {
    param([int] $Code, [string] $Text)

    Write-Warning $Text
    exit $Code
}

# The lines of the role capability that allow a command of this section: VisibleCmdlets or VisibleFunctions.
function Get-RoleLine {
    param([string] $Section)

    $at = ''
    @(foreach ($line in [IO.File]::ReadAllLines($Role)) {
            if ($line -match '^ +(Visible\w+) = ') {
                $at = $Matches[1]
            } elseif ($at -eq $Section -and $line -match "^ +@\{ Name = 'Get-Cs") {
                $line
            }
        })
}

function Get-RoleCommand {
    param([string] $Section)

    @(Get-RoleLine $Section | ForEach-Object { [regex]::Match($_, "Name = '([A-Za-z-]+)'").Groups[1].Value })
}

# A text in single quotes of a PowerShell data file.
function Get-Quoted {
    param([string] $Text)

    "'{0}'" -f $Text.Replace("'", "''")
}

# The session configuration with the names of this site. A RunAs account knows no roles, so that the list stands in
# the configuration itself; what an older version does not know is left out.
function Get-Configuration {
    param([bool] $Managed, [Version] $Version)

    $old = $Version.Major -lt 5
    $values = @{
        GroupManagedServiceAccount = Get-Quoted $GroupManagedServiceAccount.TrimEnd('$')
        RoleDefinitions = '@{ ' + (Get-Quoted $AllowedGroup) + " = @{ RoleCapabilities = 'SfbBackup' } }"
        TranscriptDirectory = Get-Quoted $TranscriptDirectory
    }
    $without = @()
    if (-not $Managed) {
        $without = @('GroupManagedServiceAccount', 'RoleDefinitions')
    }
    if ($old) {
        $values['SchemaVersion'] = "'1.0.0.0'"
        $without += @('TranscriptDirectory', 'MountUserDrive')
    } elseif ($Version -lt [Version] '5.1') {
        $without += 'MountUserDrive'
    }
    foreach ($line in [IO.File]::ReadAllLines($Template)) {
        $key = [regex]::Match($line, '^ +(\w+) = ').Groups[1].Value
        if (-not $line.Trim() -or $line -match '^ +#' -or $without -contains $key) {
            continue
        }
        if ($values.ContainsKey($key)) {
            $line = '    {0} = {1}' -f $key, $values[$key]
        }
        if ($line -eq '}' -and -not $Managed) {
            '    ModulesToImport = {0}' -f (Get-Quoted $Module)
            foreach ($section in 'VisibleCmdlets', 'VisibleFunctions') {
                if (@(Get-RoleLine $section).Count -eq 0) {
                    continue
                }
                "    $section = @("
                if ($old) {
                    '        {0}' -f (@(Get-RoleCommand $section | ForEach-Object { Get-Quoted $_ }) -join ', ')
                } else {
                    Get-RoleLine $section
                }
                '    )'
            }
        }
        $line
    }
}

function Test-Administrator {
    $me = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
    $me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

function Get-Sid {
    param([string] $Account, [string] $Parameter)

    try {
        (New-Object Security.Principal.NTAccount $Account).Translate([Security.Principal.SecurityIdentifier]).Value
    } catch {
        Stop-Script 2 "${Parameter}: this server cannot find '$Account'. Write DOMAIN\name, and look whether the name is right and the domain can be reached."
    }
}

# A configuration of that name, or nothing.
function Get-Registered {
    @(Get-PSSessionConfiguration -Name $Name -ErrorAction SilentlyContinue)
}

# Before a change: a restart is due, and a second run must not forget it.
function Set-RestartMark {
    New-Item -ItemType Directory -Path $installed -Force | Out-Null
    [IO.File]::WriteAllText($mark, '')
}

# A restart by hand or of the machine counts too, where the process of WinRM shows it.
function Test-RestartDue {
    if (-not (Test-Path -LiteralPath $mark)) {
        return $false
    }
    try {
        $id = (Get-WmiObject -Class Win32_Service -Filter "Name = 'WinRM'").ProcessId
        return (Get-Process -Id $id).StartTime -le [IO.File]::GetLastWriteTime($mark)
    } catch {
        return $true
    }
}

function Remove-RestartMark {
    if (Test-Path -LiteralPath $mark) {
        Remove-Item -LiteralPath $mark -Confirm:$false
    }
    if ((Test-Path -LiteralPath $installed) -and @(Get-ChildItem -LiteralPath $installed).Count -eq 0) {
        Remove-Item -LiteralPath $installed -Confirm:$false
    }
}

# After a failure: takes away what is half done and puts the configuration from before back. Returns what it came to.
function Undo-Registration {
    try {
        if (@(Get-Registered).Count -gt 0) {
            Unregister-PSSessionConfiguration -Name $Name -Force -NoServiceRestart -Confirm:$false | Out-Null
        }
        # The password of a RunAs account is not known here.
        if ($before -match '(?m)^ +GroupManagedServiceAccount = ') {
            [IO.File]::WriteAllText($candidate, $before)
            Register-PSSessionConfiguration @how | Out-Null
            [IO.File]::WriteAllText($record, $before)
            return 'The configuration from before is registered again; it counts once WinRM was restarted.'
        }
        Remove-Item -LiteralPath $record -Confirm:$false
        if ($before -and $before -cne $HalfDone) {
            return 'The configuration from before is gone, because its password is not known here: register it again.'
        }
        return 'Nothing of it is left registered.'
    } catch {
        return "It is half done, and could not be undone: $_ The verbs register and remove try again."
    }
}

function Complete-Change {
    if ($WhatIfPreference) {
        return
    }
    $why = 'The change counts once WinRM was restarted. That ends all PowerShell sessions with this server, yours too if you are in one.'
    if (-not $NoRestart -and ($Restart -or $PSCmdlet.ShouldContinue($why, 'Restart the service WinRM now?'))) {
        Restart-Service -Name WinRM -Force
        Remove-RestartMark
        Write-Output 'WinRM was restarted.'
        return
    }
    Stop-Script 1 "WinRM was not restarted. $why The same command with -Restart does it."
}

if ($Action -eq 'register' -or $Action -eq 'write') {
    if ([bool] $GroupManagedServiceAccount -eq ($null -ne $RunAsCredential)) {
        Stop-Script 2 "${Action}: give either -GroupManagedServiceAccount or -RunAsCredential."
    }
    if (-not $AllowedGroup) {
        Stop-Script 2 "${Action}: -AllowedGroup is missing: who may connect, for example CONTOSO\SfbBackupMonitors."
    }
    if ($Restart -and $NoRestart) {
        Stop-Script 2 "${Action}: -Restart and -NoRestart exclude each other."
    }
    $version = $PSVersionTable.PSVersion
    if ($Action -eq 'write' -and $ForVersion) {
        $version = $ForVersion
    }
    # By its parts: the version of newer PowerShell is of another class.
    $version = New-Object Version $version.Major, $version.Minor
    if ($GroupManagedServiceAccount -and $version -lt [Version] '5.1') {
        Stop-Script 2 "GroupManagedServiceAccount: this is PowerShell $version, and such accounts need 5.1. Install WMF 5.1, or give -RunAsCredential."
    }
    $configuration = (@(Get-Configuration ([bool] $GroupManagedServiceAccount) $version) -join "`r`n") + "`r`n"
}

if ($Action -eq 'write') {
    if (-not $Path) {
        Stop-Script 2 'write: -Path is missing: the file to write.'
    }
    $file = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
    if ($PSCmdlet.ShouldProcess($file, 'write the session configuration')) {
        [IO.File]::WriteAllText($file, $configuration)
    }
    exit 0
}

# From here on Windows is needed.
if (-not (Get-Command Get-PSSessionConfiguration -ErrorAction SilentlyContinue)) {
    Stop-Script 1 "${Action}: this PowerShell has no session configurations. Run it in Windows PowerShell on the front end."
}
if (-not (Test-Administrator)) {
    Stop-Script 1 "${Action}: this window has no administrator's rights. Open Windows PowerShell with 'Run as administrator'."
}
if ($PSVersionTable.PSVersion.Major -gt 5) {
    Stop-Script 1 "${Action}: this is PowerShell $($PSVersionTable.PSVersion); the cmdlets need Windows PowerShell. Run the script in powershell.exe."
}
$installed = [IO.Path]::Combine($env:ProgramFiles, 'WindowsPowerShell', 'Modules', 'SfbBackupJea')
# What this script registered, word for word: tells ours from others', and whether something changed.
$record = [IO.Path]::Combine($installed, "$Name.pssc")
$mark = [IO.Path]::Combine($installed, "$Name.restart")
$ours = Test-Path -LiteralPath $record
$registered = @(Get-Registered)

if ($Action -eq 'show') {
    if ($registered.Count -eq 0) {
        Stop-Script 1 "There is no session configuration '$Name'. The verb register makes it."
    }
    $registered | Select-Object -Property Name, PSVersion, SessionType, LanguageMode, GroupManagedServiceAccount, RunAsUser, Permission, TranscriptDirectory, ConfigFilePath
    if (-not $ours) {
        Write-Warning "'$Name' was not registered by this script."
    }
    if ($UserName) {
        # Unknown before Windows PowerShell 5.0.
        Get-PSSessionCapability -ConfigurationName $Name -Username $UserName | Select-Object -Property CommandType, Name
    }
    exit 0
}

if ($registered.Count -gt 0 -and -not $ours) {
    Stop-Script 1 "There is a session configuration '$Name' that this script did not register. It is left alone: give another -Name."
}

if ($Action -eq 'remove') {
    if ($registered.Count -eq 0 -and -not $ours) {
        if (Test-RestartDue) {
            Complete-Change
            exit 0
        }
        Write-Output "There is no session configuration '$Name': nothing to do."
        exit 0
    }
    if ($registered.Count -gt 0 -and $PSCmdlet.ShouldProcess($Name, 'unregister the session configuration')) {
        Set-RestartMark
        Unregister-PSSessionConfiguration -Name $Name -Force -NoServiceRestart -Confirm:$false | Out-Null
    }
    if ($ours -and $PSCmdlet.ShouldProcess($record, 'remove')) {
        Remove-Item -LiteralPath $record -Confirm:$false
        # Other names may use the same role.
        if (@(Get-ChildItem -LiteralPath $installed -Filter '*.pssc').Count -eq 0) {
            Get-ChildItem -LiteralPath $installed | Where-Object { $_.Extension -ne '.restart' } | Remove-Item -Recurse -Confirm:$false
        }
    }
    Write-Output 'Transcripts are left where they are.'
    Complete-Change
    exit 0
}

# register
$policy = Get-ItemProperty -LiteralPath HKLM:\SOFTWARE\Policies\Microsoft\Windows\WinRM\Service -Name DisableRunAs -ErrorAction SilentlyContinue
if ($null -ne $RunAsCredential -and $null -ne $policy -and $policy.DisableRunAs -eq 1) {
    Stop-Script 1 "RunAsCredential: the policy 'Disallow WinRM from storing RunAs credentials' is on for this server (DisableRunAs), so WinRM keeps no password. Have the policy changed for the front ends, or give -GroupManagedServiceAccount."
}
$sid = Get-Sid $AllowedGroup 'AllowedGroup'
if ($GroupManagedServiceAccount) {
    Get-Sid ($GroupManagedServiceAccount.TrimEnd('$') + '$') 'GroupManagedServiceAccount' | Out-Null
}
if (@(Get-Module -ListAvailable -Name $Module).Count -eq 0) {
    Stop-Script 1 "Module: '$Module' is not installed on this server. Register on a front end, or on a server with the management shell; Lync Server 2013 has -Module Lync."
}
Import-Module $Module -DisableNameChecking -WarningAction SilentlyContinue
foreach ($section in 'VisibleCmdlets', 'VisibleFunctions') {
    foreach ($command in Get-RoleCommand $section) {
        $found = @(Get-Command -Name $command -ErrorAction SilentlyContinue)
        if ($found.Count -eq 0) {
            Write-Warning "$command is not in module $Module here: nobody can ask it through this session."
        } elseif ("Visible$($found[0].CommandType)s" -ne $section) {
            Write-Warning "$command is a $($found[0].CommandType) here: move its line from $section to Visible$($found[0].CommandType)s in $Role, and register again."
        }
    }
}

$roleText = [IO.File]::ReadAllText($Role).Replace("ModulesToImport = 'SkypeForBusiness'", "ModulesToImport = '$Module'")
$installedRole = [IO.Path]::Combine($installed, 'RoleCapabilities', 'SfbBackup.psrc')
$sameRole = (Test-Path -LiteralPath $installedRole) -and [IO.File]::ReadAllText($installedRole) -ceq $roleText
if (-not $sameRole -and $PSCmdlet.ShouldProcess($installed, 'copy the role capability')) {
    New-Item -ItemType Directory -Path ([IO.Path]::GetDirectoryName($installedRole)) -Force | Out-Null
    Copy-Item -LiteralPath ([IO.Path]::Combine($ModuleFolder, 'SfbBackupJea.psd1')) -Destination $installed -Force
    [IO.File]::WriteAllText($installedRole, $roleText)
}
# Each time: somebody else may have made the folder before.
if ($PSVersionTable.PSVersion.Major -ge 5 -and
    $PSCmdlet.ShouldProcess($TranscriptDirectory, 'make the folder, for Local System and administrators alone')) {
    New-Item -ItemType Directory -Path $TranscriptDirectory -Force | Out-Null
    foreach ($words in @('/setowner', '*S-1-5-32-544'), @('/reset'), @('/inheritance:r', '/grant:r', '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F')) {
        & icacls.exe $TranscriptDirectory @words | Out-Null
        if ($LASTEXITCODE -ne 0) {
            Stop-Script 1 "TranscriptDirectory: icacls could not set the rights of '$TranscriptDirectory' ($($words[0]), exit code $LASTEXITCODE). Set them by hand: owner administrators, full control for Local System and administrators, nobody else."
        }
    }
}

# The password of a RunAs account may be a new one, so such a configuration is always registered anew.
if ($registered.Count -gt 0 -and $GroupManagedServiceAccount -and [IO.File]::ReadAllText($record) -ceq $configuration) {
    if (Test-RestartDue) {
        Write-Output "'$Name' is registered already, and equal, but WinRM was not restarted since."
        Complete-Change
        exit 0
    }
    Write-Output "'$Name' is registered already, and equal: nothing to do."
    exit 0
}
if ($PSCmdlet.ShouldProcess($Name, 'register the session configuration')) {
    New-Item -ItemType Directory -Path $installed -Force | Out-Null
    # No -Name begins with this sign, so that it is nobody's record.
    $candidate = [IO.Path]::Combine($installed, "_$Name.pssc")
    [IO.File]::WriteAllText($candidate, $configuration)
    if (-not (Test-PSSessionConfigurationFile -Path $candidate)) {
        Remove-Item -LiteralPath $candidate -Confirm:$false
        Stop-Script 1 "Windows does not take the session configuration. Write it with the verb write, and look with Test-PSSessionConfigurationFile -Verbose. What was registered before is as it was."
    }
    $how = @{ Name = $Name; Path = $candidate; Force = $true; NoServiceRestart = $true }
    $before = ''
    if ($registered.Count -gt 0) {
        $before = [IO.File]::ReadAllText($record)
    }
    Set-RestartMark
    try {
        # Ours, and equal to nothing, until all is done: a run that ends here can be repeated or removed.
        [IO.File]::WriteAllText($record, $HalfDone)
        if ($registered.Count -gt 0) {
            Unregister-PSSessionConfiguration -Name $Name -Force -NoServiceRestart -Confirm:$false | Out-Null
        }
        $more = @{}
        if ($null -ne $RunAsCredential) {
            $more['RunAsCredential'] = $RunAsCredential
            $more['SecurityDescriptorSddl'] = "O:NSG:BAD:P(A;;GA;;;$sid)S:P(AU;FA;GA;;;WD)(AU;SA;GXGW;;;WD)"
        }
        Register-PSSessionConfiguration @how @more | Out-Null
        [IO.File]::WriteAllText($record, $configuration)
    } catch {
        $failure = "'$Name' could not be registered: $_"
        Stop-Script 1 "$failure $(Undo-Registration)"
    } finally {
        Remove-Item -LiteralPath $candidate -Confirm:$false
    }
    Write-Output "'$Name' is registered."
}
Complete-Change
exit 0
