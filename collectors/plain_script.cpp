#include "collectors/plain_script.hpp"

#include <fmt/format.h>

namespace sfb::collectors {

namespace {

// The `throw` lets an error that ends the cmdlet end the script too. The loops count what any
// version makes of such a variable: a list, one thing, nothing.
constexpr std::string_view kImport = R"(
if ($SfbImportModule) {
  $null = Import-Module -Name $SfbImportModule -DisableNameChecking `
    -WarningAction SilentlyContinue -ErrorAction Stop
}
$sfbArguments = @{}
foreach ($sfbName in $PSBoundParameters.Keys) {
  if ($sfbName -notlike 'Sfb*') { $sfbArguments[$sfbName] = $PSBoundParameters[$sfbName] }
}
try {
  )";

constexpr std::string_view kCount =
    R"( @sfbArguments -OutVariable sfbStatus -ErrorVariable sfbErrors
} catch { throw }
$sfbCount = 0
foreach ($sfbItem in $sfbStatus) { if ($null -ne $sfbItem) { $sfbCount++ } }
$sfbErrorCount = 0
foreach ($sfbItem in $sfbErrors) { $sfbErrorCount++ }
)";

constexpr std::string_view kExtras = R"($sfbExtras = @{
  SfbBackupExtras = 1
  Count = $sfbCount
  Errors = $sfbErrorCount
  Language = [string]$ExecutionContext.SessionState.LanguageMode
)";

constexpr std::string_view kShow = R"(}
if ($SfbWidth) {
  try {
    $sfbShown = $sfbStatus
)";

constexpr std::string_view kRender =
    R"(    $sfbExtras['Rendered'] = [string]($sfbShown | Out-String -Width $SfbWidth)
  } catch {
    $sfbWhy = if ($_.FullyQualifiedErrorId -like 'CommandNotFound*') { 'Refused' } else { 'Failed' }
    $sfbExtras["Render$sfbWhy"] = [string]$_
  }
}
$sfbExtras
)";

}  // namespace

std::string call_script(const ScriptParts& parts) {
  return fmt::format("param({}){}{}{}{}{}{}{}{}{}", parts.parameters, kImport, parts.cmdlet, kCount,
                     parts.before_extras, kExtras, parts.more_extras, kShow, parts.before_text,
                     kRender);
}

std::string plain_script(std::string_view cmdlet, std::span<const std::string_view> parameters) {
  std::string names = "$SfbImportModule, $SfbWidth";
  for (const std::string_view name : parameters) {
    names += fmt::format(", ${}", name);
  }
  return call_script({.parameters = names, .cmdlet = cmdlet});
}

}  // namespace sfb::collectors
