<#
.SYNOPSIS
Gives WinRM an HTTPS listener with the best certificate that this server has, and a newer one when there is one.

.DESCRIPTION
Meant as a startup script of a group policy, or as a daily task: run again, it changes nothing while the listener has
the certificate that it would choose.

A certificate is fit when it has a private key, is valid now, is meant for server authentication, was issued by somebody
else, and has the host's full name. Of several the one that is valid longest is taken.

Exit code: 0 the listener is right; 1 there is no fit certificate, or it could not be set.

.PARAMETER HostName
The name that must stand in the certificate: the full name of this server.

.PARAMETER Issuer
Only certificates whose issuer has this text, such as 'CN=Litware Issuing CA'.

.PARAMETER Port
5986.

.PARAMETER Firewall
Also open the port for incoming connections from these addresses, such as 10.20.0.15. Needs Windows Server 2012 or
later.

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
$best = @($fit | Sort-Object -Property NotAfter -Descending)[0]
if ($dry) {
    Write-Output $best.Thumbprint
    exit 0
}

$listeners = @(Get-ChildItem -LiteralPath WSMan:\localhost\Listener | Where-Object { $_.Keys -contains 'Transport=HTTPS' })
$present = @($listeners | ForEach-Object { (Get-Item -LiteralPath "$($_.PSPath)\CertificateThumbprint").Value -replace '\s', '' })
if ($listeners.Count -eq 1 -and $present[0] -eq $best.Thumbprint) {
    Write-Output "The listener has the certificate $($best.Thumbprint), valid to $($best.NotAfter.ToString('s')): nothing to do."
} elseif ($PSCmdlet.ShouldProcess("port $Port, certificate $($best.Thumbprint) valid to $($best.NotAfter.ToString('s'))", 'set the HTTPS listener')) {
    try {
        $listeners | ForEach-Object { Remove-Item -LiteralPath $_.PSPath -Recurse -Force -Confirm:$false }
        New-Item -Path WSMan:\localhost\Listener -Transport HTTPS -Address '*' -Port $Port -CertificateThumbPrint $best.Thumbprint -Force -Confirm:$false | Out-Null
    } catch {
        Stop-Script "The listener could not be set: $_"
    }
    Write-Output "The listener on port $Port has the certificate $($best.Thumbprint), valid to $($best.NotAfter.ToString('s'))."
}
if ($Firewall.Count -gt 0 -and $PSCmdlet.ShouldProcess("port $Port from $($Firewall -join ', ')", 'open the firewall')) {
    Get-NetFirewallRule -Name SfbWinRmHttps -ErrorAction SilentlyContinue | Remove-NetFirewallRule -Confirm:$false
    New-NetFirewallRule -Name SfbWinRmHttps -DisplayName "WinRM over HTTPS from $($Firewall -join ', ')" -Direction Inbound -Protocol TCP -LocalPort $Port -RemoteAddress $Firewall -Action Allow | Out-Null
}
exit 0
