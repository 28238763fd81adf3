<#
.SYNOPSIS
Gives WinRM an HTTPS listener with the best certificate that this server has, and a newer one when there is one.

.DESCRIPTION
Meant as a startup script of a group policy, or as a daily task: run again, it changes nothing while the listener has
the certificate that it would choose.

A certificate is fit when it has a private key, is valid now, is meant for server authentication, was issued by somebody
else, and has the host's full name. Of several the one that is valid longest is taken, and the next one where Windows
does not take it.

Listeners that are there stay, with their address and port, and get the certificate. Without one, a listener for all
addresses is made.

Exit code: 0 the listener is right; 1 there is no fit certificate, or it could not be set.

.PARAMETER HostName
The name that must stand in the certificate: the full name of this server.

.PARAMETER Issuer
Only certificates whose issuer has this text, such as 'CN=Litware Issuing CA'.

.PARAMETER Port
5986.

.PARAMETER Firewall
Also open the port for incoming connections from these addresses, such as 10.20.0.15. A comma separated text is split,
because powershell.exe -File passes a list as one text. Needs Windows Server 2012 or later.

.PARAMETER Certificate
Choose among these, print the thumbprint of the one that would be taken, and do nothing else.

.EXAMPLE
.\Set-WinRmHttpsListener.ps1 -WhatIf

.EXAMPLE
powershell.exe -NoProfile -NonInteractive -File Set-WinRmHttpsListener.ps1 -Firewall 10.20.0.15
#>
#requires -Version 3.0
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [string] $HostName = [Net.Dns]::GetHostEntry('').HostName,

    [string] $Issuer = '',

    [int] $Port = 5986,

    [string[]] $Firewall = @(),

    [Security.Cryptography.X509Certificates.X509Certificate2[]] $Certificate
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$ServerAuthentication = '1.3.6.1.5.5.7.3.1'

function Stop-Script {
    param([string] $Text)

    Write-Warning $Text
    exit 1
}

# Why a certificate is not fit; nothing when it is.
function Get-Objection {
    param($One, [DateTime] $Now)

    if (-not $One.HasPrivateKey) {
        return 'has no private key'
    }
    if ($One.NotBefore -gt $Now -or $One.NotAfter -le $Now) {
        return 'is not valid now'
    }
    if ($One.Subject -eq $One.Issuer) {
        return 'is self-signed'
    }
    if ($Issuer -and $One.Issuer.IndexOf($Issuer, [StringComparison]::OrdinalIgnoreCase) -lt 0) {
        return 'is of another issuer'
    }
    $usages = @($One.Extensions | Where-Object { $_ -is [Security.Cryptography.X509Certificates.X509EnhancedKeyUsageExtension] } |
            ForEach-Object { $_.EnhancedKeyUsages } | ForEach-Object { $_.Value })
    if ($usages.Count -gt 0 -and $usages -notcontains $ServerAuthentication) {
        return 'is not for server authentication'
    }
    # The text of this extension is in the language of Windows, the names in it are not.
    $names = @($One.Extensions | Where-Object { $_.Oid.Value -eq '2.5.29.17' } | ForEach-Object { $_.Format($true) -split "[\r\n]+" } |
            ForEach-Object { ($_ -split '[=:]')[-1].Trim() })
    $names += $One.GetNameInfo([Security.Cryptography.X509Certificates.X509NameType]::SimpleName, $false)
    if ($names -notcontains $HostName) {
        return "has not the name $HostName"
    }
}

function Get-Thumbprint {
    param($Listener)

    (Get-Item -LiteralPath "$($Listener.PSPath)\CertificateThumbprint").Value -replace '\s', ''
}

# Gives a listener, or a new one, the first fit certificate that Windows takes, and returns its thumbprint.
function Set-Certificate {
    param($Listener)

    foreach ($one in $fit) {
        if ($null -ne $Listener -and (Get-Thumbprint $Listener) -eq $one.Thumbprint) {
            return $one.Thumbprint
        }
        try {
            if ($null -ne $Listener) {
                Set-Item -LiteralPath "$($Listener.PSPath)\CertificateThumbprint" -Value $one.Thumbprint -Force -Confirm:$false
            } else {
                New-Item -Path WSMan:\localhost\Listener -Transport HTTPS -Address '*' -Port $Port -CertificateThumbPrint $one.Thumbprint -Force -Confirm:$false | Out-Null
            }
            return $one.Thumbprint
        } catch {
            Write-Warning "Windows does not take the certificate $($one.Thumbprint): $_"
        }
    }
    Stop-Script 'The HTTPS listener could not be set: Windows takes none of the fit certificates. Listeners that were there are still there.'
}

$now = Get-Date
$dry = $PSBoundParameters.ContainsKey('Certificate')
if (-not $dry) {
    $Certificate = @(Get-ChildItem -LiteralPath Cert:\LocalMachine\My)
}
$fit = @()
foreach ($one in $Certificate) {
    $objection = Get-Objection $one $now
    if ($objection) {
        Write-Verbose "$($one.Thumbprint) $objection"
    } else {
        $fit += $one
    }
}
if ($fit.Count -eq 0) {
    Stop-Script "None of $(@($Certificate).Count) certificates of this computer is fit for $HostName. -Verbose says what each lacks; certutil -pulse asks for one where autoenrolment is set up."
}
$fit = @($fit | Sort-Object -Property NotAfter -Descending)
$best = $fit[0]
if ($dry) {
    Write-Output $best.Thumbprint
    exit 0
}

$listeners = @(Get-ChildItem -LiteralPath WSMan:\localhost\Listener | Where-Object { $_.Keys -contains 'Transport=HTTPS' })
$changes = @($listeners | Where-Object { (Get-Thumbprint $_) -ne $best.Thumbprint })
$until = "$($best.Thumbprint), valid to $($best.NotAfter.ToString('s'))"
if ($listeners.Count -gt 0 -and $changes.Count -eq 0) {
    Write-Output "The listener has the certificate ${until}: nothing to do."
} elseif ($PSCmdlet.ShouldProcess("certificate $until", 'set the HTTPS listener')) {
    # No listener is removed: one that takes no new certificate keeps its old one.
    if ($listeners.Count -eq 0) {
        $taken = Set-Certificate $null
        Write-Output "The listener on port $Port has the certificate $taken."
    }
    $listeners | ForEach-Object {
        $taken = Set-Certificate $_
        Write-Output "The listener $($_.PSPath) has the certificate $taken."
    }
}
$addresses = @($Firewall | ForEach-Object { $_ -split ',' } | ForEach-Object { $_.Trim() } | Where-Object { $_ })
if ($addresses.Count -gt 0 -and $PSCmdlet.ShouldProcess("port $Port from $($addresses -join ', ')", 'open the firewall')) {
    $rule = @{ Name = 'SfbWinRmHttps'; Direction = 'Inbound'; Protocol = 'TCP'; LocalPort = $Port; RemoteAddress = $addresses; Action = 'Allow'; Enabled = 'True' }
    $title = "WinRM over HTTPS from $($addresses -join ', ')"
    try {
        if (@(Get-NetFirewallRule -Name SfbWinRmHttps -ErrorAction SilentlyContinue).Count -gt 0) {
            Set-NetFirewallRule -NewDisplayName $title @rule
        } else {
            New-NetFirewallRule -DisplayName $title @rule | Out-Null
        }
    } catch {
        Stop-Script "The firewall rule SfbWinRmHttps could not be set: $_"
    }
}
exit 0
