#include "collectors/backup_service_status/script.hpp"

#include "collectors/plain_script.hpp"

#include <string>

namespace sfb::collectors {

namespace {

constexpr std::string_view kParameters = R"(
  $SfbImportModule, $SfbWidth, $SfbExpand, $PoolFqdn, $Category, $Force, $BypassDualWrite
)";

// Written for ConstrainedLanguage too: no method call, no type conversion but [string].
constexpr std::string_view kReadModules = R"($sfbModules = @()
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
)";

// Modules that are text on the server too have no columns there; the agent takes them apart.
constexpr std::string_view kExpand = R"(    if ($SfbExpand) {
      $sfbShown = @(foreach ($sfbItem in $sfbStatus) { $sfbItem.BackupModules })
      foreach ($sfbModule in $sfbShown) {
        if ($sfbModule -is [string]) { throw 'the modules are text' }
      }
    }
)";

constexpr std::string_view kModules = "  Modules = $sfbModules\n";

}  // namespace

std::string_view backup_status_script() {
  static const std::string kScript = call_script({.parameters = kParameters,
                                                  .cmdlet = "Get-CsBackupServiceStatus",
                                                  .before_extras = kReadModules,
                                                  .more_extras = kModules,
                                                  .before_text = kExpand});
  return kScript;
}

}  // namespace sfb::collectors
