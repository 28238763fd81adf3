"""deploy/windows/Set-WinRmHttpsListener.ps1 in Microsoft's engine: which certificate it takes. The listener itself exists on Windows alone."""

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


def setUpModule():
    engine.need_lab()


class ListenerScript(engine.EngineTest):
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
