// The constant script of this collector, for servers that let scripts run.
#pragma once

#include <string_view>

namespace sfb::collectors {

/// Calls the cmdlet once with the parameters it was given, lets the objects out as they come (an
/// error behind them must not lose them), and sends one hashtable with kExtrasTag behind them: how
/// many objects the cmdlet put out (`Count`, without `$null`) and errors it told (`Errors`), so
/// that it is seen when some did not come; the language mode, the modules as text, and, where
/// `SfbWidth` asks for it, what the server's own formatter makes of the objects (`Rendered`; or,
/// with the reason, `RenderRefused` where Out-String is not to be had in this session,
/// `RenderFailed` where it could not do it). Plain remoting serialises one level deep, so the
/// modules' own properties would be lost but for that. Values come as arguments only. Written for
/// FullLanguage and ConstrainedLanguage: no method call, no type conversion but [string]. An error
/// that ends the cmdlet ends the script too, as it ends a pipeline of the cmdlet alone; without the
/// `throw` the script would go on and end well. What the import warns of or puts out is not the
/// cmdlet's, and would come with a session's first answer only. The loops count what any version
/// makes of such a variable: a list, one thing, nothing. Where the session is in strict mode, a
/// property that is not there is an error of this script, which is nobody's.
inline constexpr std::string_view kScript = R"(param(
  $SfbImportModule, $SfbWidth, $PoolFqdn, $Category, $Force, $BypassDualWrite
)
if ($SfbImportModule) {
  $null = Import-Module -Name $SfbImportModule -DisableNameChecking `
    -WarningAction SilentlyContinue -ErrorAction Stop
}
$sfbArguments = @{}
foreach ($sfbName in $PSBoundParameters.Keys) {
  if ($sfbName -notlike 'Sfb*') { $sfbArguments[$sfbName] = $PSBoundParameters[$sfbName] }
}
try {
  Get-CsBackupServiceStatus @sfbArguments -OutVariable sfbStatus -ErrorVariable sfbErrors
} catch { throw }
$sfbCount = 0
foreach ($sfbItem in $sfbStatus) { if ($null -ne $sfbItem) { $sfbCount++ } }
$sfbErrorCount = 0
foreach ($sfbItem in $sfbErrors) { $sfbErrorCount++ }
$sfbModules = @()
try {
  $sfbModules = @(foreach ($sfbItem in $sfbStatus) {
    foreach ($sfbModule in $sfbItem.BackupModules) {
      @{
        Identity = [string]$sfbModule.Identity
        ExportStatus = [string]$sfbModule.ExportStatus
        ImportStatus = [string]$sfbModule.ImportStatus
        Text = [string]$sfbModule
      }
    }
  })
} catch { }
$sfbExtras = @{
  SfbBackupExtras = 1
  Count = $sfbCount
  Errors = $sfbErrorCount
  Language = [string]$ExecutionContext.SessionState.LanguageMode
  Modules = $sfbModules
}
if ($SfbWidth) {
  try {
    $sfbExtras['Rendered'] = [string]($sfbStatus | Out-String -Width $SfbWidth)
  } catch {
    $sfbWhy = if ($_.FullyQualifiedErrorId -like 'CommandNotFound*') { 'Refused' } else { 'Failed' }
    $sfbExtras["Render$sfbWhy"] = [string]$_
  }
}
$sfbExtras
)";

}  // namespace sfb::collectors
