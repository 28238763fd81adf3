#include "collectors/backup_service_status/cmdlet.hpp"

#include "agent/binding/binding.hpp"
#include "agent/binding/common_parameters.hpp"

namespace sfb::collectors {

const binding::Cmdlet& get_cs_backup_service_status() {
  // The class behind the cmdlet is not known, so class_name stays empty.
  static const binding::Cmdlet kCmdlet = {
      .name = "Get-CsBackupServiceStatus",
      .class_name = {},
      .parameters = {{.name = "PoolFqdn",
                      .type = binding::ParameterType::text,
                      .type_name = "Microsoft.Rtc.Management.Deploy.Fqdn",
                      .mandatory = true,
                      .not_empty = true},
                     {.name = "Category",
                      .type = binding::ParameterType::enumeration,
                      .type_name = "Microsoft.Rtc.Management.Hadr.BackupService.BackupCategory",
                      .enumerators = {"UserData", "CMS", "RGS"}},
                     {.name = "Force",
                      .type = binding::ParameterType::switch_flag,
                      .type_name = "System.Management.Automation.SwitchParameter"},
                     {.name = "BypassDualWrite",
                      .type = binding::ParameterType::boolean,
                      .type_name = "System.Boolean"}},
      .common = binding::common_parameters()};
  return kCmdlet;
}

}  // namespace sfb::collectors
