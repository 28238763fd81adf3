#include "collectors/backup_service_configuration/cmdlet.hpp"

#include "agent/binding/common_parameters.hpp"
#include "collectors/plain_script.hpp"

#include <array>
#include <string>

namespace sfb::collectors {

namespace {

constexpr std::string_view kFilter = "Filter";
constexpr std::string_view kIdentity = "Identity";

}  // namespace

const binding::Cmdlet& get_cs_backup_service_configuration() {
  // The class behind the cmdlet is not known, so class_name stays empty.
  static const binding::Cmdlet kCmdlet = {
      .name = std::string(kConfigurationCmdlet),
      .class_name = {},
      .parameters = {{.name = std::string(kFilter),
                      .type = binding::ParameterType::text,
                      .type_name = "System.String"},
                     {.name = std::string(kIdentity),
                      .type = binding::ParameterType::text,
                      .type_name = "Microsoft.Rtc.Management.Xds.XdsIdentity"},
                     {.name = std::string(kLocalStore),
                      .type = binding::ParameterType::switch_flag,
                      .type_name = "System.Management.Automation.SwitchParameter"}},
      .common = binding::common_parameters()};
  return kCmdlet;
}

std::string_view backup_service_configuration_script() {
  static const std::string kScript =
      plain_script(kConfigurationCmdlet, std::array{kFilter, kIdentity, kLocalStore});
  return kScript;
}

}  // namespace sfb::collectors
