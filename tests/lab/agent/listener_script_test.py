"""deploy/windows/Set-WinRmHttpsListener.ps1 in Microsoft's engine: which certificate it takes, and what it does then.

The listener and the firewall exist on Windows alone, so that functions stand in for them here."""

import os
import subprocess
import unittest

import engine
import lab

SCRIPT = lab.ROOT / "deploy" / "windows" / "Set-WinRmHttpsListener.ps1"
# {name: keywords of New-One}; the host is fe.example.com.
CERTIFICATES = {
    "good": "", "longest": "-Days 300", "byName": "-Subject 'CN=fe.example.com' -Names @()", "otherHost": "-Days 400 -Names 'chi.example.com'",
    "expired": "-Days -1", "future": "-From 5 -Days 500", "selfSigned": "-Days 600 -SelfSigned", "clientOnly": "-Days 700 -Usage '1.3.6.1.5.5.7.3.2'",
    "noKey": "-Days 800 -NoKey", "otherIssuer": "-Days 900 -Signer 'CN=Other CA'", "prefix": "-Days 950 -Names 'fe.example.com.evil.example'",
}
MAKE = """
$ErrorActionPreference = 'Stop'
function New-One { param($Subject = 'CN=x', $Names = 'fe.example.com', $From = -10, $Days = 100, $Usage = '1.3.6.1.5.5.7.3.1', $Signer = 'CN=Litware CA',
    [switch] $SelfSigned, [switch] $NoKey)
    $hash = [Security.Cryptography.HashAlgorithmName]::SHA256
    $key = [Security.Cryptography.ECDsa]::Create([Security.Cryptography.ECCurve]::CreateFromFriendlyName('nistP256'))
    $request = [Security.Cryptography.X509Certificates.CertificateRequest]::new($Subject, $key, $hash)
    if ($Names) { $san = [Security.Cryptography.X509Certificates.SubjectAlternativeNameBuilder]::new(); $Names | ForEach-Object { $san.AddDnsName($_) }
        $request.CertificateExtensions.Add($san.Build()) }
    $oids = [Security.Cryptography.OidCollection]::new(); $null = $oids.Add([Security.Cryptography.Oid]::new($Usage))
    $request.CertificateExtensions.Add([Security.Cryptography.X509Certificates.X509EnhancedKeyUsageExtension]::new($oids, $false))
    $start = [DateTimeOffset]::Now.AddDays($From); $end = [DateTimeOffset]::Now.AddDays($Days)
    if ($SelfSigned) { return $request.CreateSelfSigned($start, $end) }
    $made = $request.Create([Security.Cryptography.X509Certificates.X500DistinguishedName]::new($Signer),
        [Security.Cryptography.X509Certificates.X509SignatureGenerator]::CreateForECDsa($key), $start, $end, [byte[]] (1, 2, 3, (Get-Random -Maximum 127)))
    if ($NoKey) { return $made }
    [Security.Cryptography.X509Certificates.ECDsaCertificateExtensions]::CopyWithPrivateKey($made, $key) }
$all = [ordered] @{}
"""
# Functions go before cmdlets. $wsman: address to thumbprint. $refused: thumbprints that Windows does not take.
WINDOWS = """
$all['good'] = New-One; $all['longest'] = New-One -Days 300
$wsman = [ordered] @{}; $refused = @(); $rules = @{}; $brokenRule = $false
function Get-ChildItem { param($LiteralPath)
    if ($LiteralPath -like 'Cert:*') { return $all.Values }
    $wsman.Keys | ForEach-Object { [pscustomobject] @{ PSPath = "W:$_"; Keys = @('Transport=HTTPS', "Address=$_") } } }
function Get-Item { param($LiteralPath) [pscustomobject] @{ Value = $wsman[($LiteralPath -replace '^W:|.CertificateThumbprint$')] } }
function Take { param($Address, $Thumbprint) if ($refused -contains $Thumbprint) { throw 'refused' }; $wsman[$Address] = $Thumbprint }
function Set-Item { [CmdletBinding(SupportsShouldProcess)] param($LiteralPath, $Value, [switch] $Force)
    Take ($LiteralPath -replace '^W:|.CertificateThumbprint$') $Value }
function New-Item { [CmdletBinding(SupportsShouldProcess)] param($Path, $Transport, $Address, $Port, $CertificateThumbPrint, [switch] $Force)
    Take $Address $CertificateThumbPrint }
function Remove-Item { [CmdletBinding(SupportsShouldProcess)] param($LiteralPath, [switch] $Recurse, [switch] $Force) $wsman.Remove($LiteralPath -replace '^W:') }
function Get-NetFirewallRule { [CmdletBinding()] param($Name) if ($rules.Contains($Name)) { [pscustomobject] @{ Name = $Name } } }
function Remove-NetFirewallRule { [CmdletBinding(SupportsShouldProcess)] param([Parameter(ValueFromPipeline)] $Rule) process { $rules.Remove($Rule.Name) } }
function Write-Rule { param($Name, $RemoteAddress) if ($brokenRule -or "$RemoteAddress" -like '*,*') { throw 'no address' }; $rules[$Name] = "$RemoteAddress" }
function New-NetFirewallRule { param($Name, $DisplayName, $Direction, $Protocol, $LocalPort, $RemoteAddress, $Action, $Enabled) Write-Rule $Name $RemoteAddress }
function Set-NetFirewallRule { param($Name, $NewDisplayName, $Direction, $Protocol, $LocalPort, $RemoteAddress, $Action, $Enabled)
    Write-Rule $Name $RemoteAddress }
function Name-Of { param($Thumbprint) @($all.Keys | Where-Object { $all[$_].Thumbprint -eq $Thumbprint }) + 'old' | Select-Object -First 1 }
function Try-It { param($Case, $More = @{})
    $null = & $script -HostName fe.example.com -WarningAction SilentlyContinue @More
    "${Case}: $LASTEXITCODE $(@($wsman.Keys | ForEach-Object { "$_=$(Name-Of $wsman[$_])" }) -join ' ') $($rules.Values)" }
Try-It 'none there, a trial' @{ WhatIf = $true }
Try-It 'none there'
Try-It 'again'
$wsman.Clear(); $wsman['*'] = 'AA'; $wsman['10.0.0.1'] = 'BB'; Try-It 'old ones keep their addresses'
$refused = @($all.longest.Thumbprint); $wsman.Clear(); $wsman['10.0.0.1'] = 'BB'; Try-It 'the best is refused'
$refused += $all.good.Thumbprint; $wsman.Clear(); $wsman['10.0.0.1'] = 'BB'; Try-It 'all are refused'
$refused = @(); Try-It 'firewall' @{ Firewall = '10.0.0.5, 10.0.0.6' }
Try-It 'another address' @{ Firewall = '10.0.0.7,' }
$brokenRule = $true; Try-It 'the firewall refuses' @{ Firewall = '10.0.0.8' }
"""
DONE = """none there, a trial: 0
none there: 0 *=longest
again: 0 *=longest
old ones keep their addresses: 0 *=longest 10.0.0.1=longest
the best is refused: 0 10.0.0.1=good
all are refused: 1 10.0.0.1=old
firewall: 0 10.0.0.1=longest 10.0.0.5 10.0.0.6
another address: 0 10.0.0.1=longest 10.0.0.7
the firewall refuses: 1 10.0.0.1=longest 10.0.0.7"""


def setUpModule():
    engine.need_lab()


class ListenerScript(engine.EngineTest):
    def test_listener_and_firewall(self):
        path = self.folder / "windows.ps1"
        path.write_text(f"{MAKE}$script = '{SCRIPT}'\n{WINDOWS}", encoding="utf-8")
        run = subprocess.run([engine.LAB, "-NoLogo", "-NoProfile", "-NonInteractive", "-File", path], capture_output=True, text=True, timeout=240, check=False,
                             env={**os.environ, "NO_COLOR": "1"})
        self.assertEqual([line.rstrip() for line in run.stdout.splitlines() if not line.startswith("What if")], DONE.splitlines(), run.stdout + run.stderr)

    def test_which_certificate(self):
        cases = {  # names of the certificates, further options: the name that is taken
            "all": (list(CERTIFICATES), "-Issuer 'litware'", "longest"), "one": (["good"], "", "good"), "by its subject": (["byName", "expired"], "", "byName"),
            "of the other issuer": (["good", "otherIssuer"], "-Issuer 'Other CA'", "otherIssuer"),
            "none": ([name for name in CERTIFICATES if name not in ("good", "longest", "byName", "otherIssuer")], "", None),
        }
        make = MAKE + "".join(f"$all['{name}'] = New-One {words}\n" for name, words in CERTIFICATES.items())
        path = self.folder / "cases.ps1"
        for case, (names, options, _) in cases.items():
            among = ", ".join(f"$all.{name}" for name in names)
            make += (f"$chosen = & '{SCRIPT}' -HostName FE.example.com -Certificate @({among}) {options} -WarningAction SilentlyContinue\n"
                     f"\"{case}: $LASTEXITCODE $(@($all.Keys | Where-Object {{ $all[$_].Thumbprint -eq $chosen }}))\"\n")
        path.write_text(make, encoding="utf-8")
        run = subprocess.run([engine.LAB, "-NoLogo", "-NoProfile", "-NonInteractive", "-File", path], capture_output=True, text=True, timeout=240, check=False,
                             env={**os.environ, "NO_COLOR": "1"})
        self.assertEqual(run.stdout.splitlines(), [f"{case}: {'1' if wanted is None else '0'} {wanted or ''}" for case, (_, _, wanted) in cases.items()],
                         run.stdout + run.stderr)


if __name__ == "__main__":
    unittest.main()
