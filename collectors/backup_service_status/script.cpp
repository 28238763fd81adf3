#include "collectors/backup_service_status/script.hpp"

#include "collectors/plain_script.hpp"

#include <string>

namespace sfb::collectors {

namespace {

constexpr std::string_view kParameters = R"(
  $SfbImportModule, $SfbWidth, $PoolFqdn, $Category, $Force, $BypassDualWrite
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

constexpr std::string_view kModules = "  Modules = $sfbModules\n";

}  // namespace

std::string_view backup_status_script() {
  static const std::string kScript =
      call_script(kParameters, "Get-CsBackupServiceStatus", kReadModules, kModules);
  return kScript;
}

}  // namespace sfb::collectors
