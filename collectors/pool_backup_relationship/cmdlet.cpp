#include "collectors/pool_backup_relationship/cmdlet.hpp"

#include "agent/binding/common_parameters.hpp"
#include "collectors/plain_script.hpp"

#include <array>
#include <string>

namespace sfb::collectors {

namespace {

constexpr std::string_view kPoolFqdn = "PoolFqdn";
constexpr std::string_view kForce = "Force";

}  // namespace

const binding::Cmdlet& get_cs_pool_backup_relationship() {
  // The class behind the cmdlet is not known, so class_name stays empty.
  static const binding::Cmdlet kCmdlet = {
      .name = std::string(kRelationshipCmdlet),
      .class_name = {},
      .parameters = {{.name = std::string(kPoolFqdn),
                      .type = binding::ParameterType::text,
                      .type_name = "Microsoft.Rtc.Management.Deploy.Fqdn",
                      .mandatory = true,
                      .not_empty = true},
                     {.name = std::string(kForce),
                      .type = binding::ParameterType::switch_flag,
                      .type_name = "System.Management.Automation.SwitchParameter"},
                     {.name = std::string(kRelationshipLocalStore),
                      .type = binding::ParameterType::switch_flag,
                      .type_name = "System.Management.Automation.SwitchParameter"}},
      .common = binding::common_parameters()};
  return kCmdlet;
}

std::string_view pool_backup_relationship_script() {
  static const std::string kScript =
      plain_script(kRelationshipCmdlet, std::array{kPoolFqdn, kForce, kRelationshipLocalStore});
  return kScript;
}

}  // namespace sfb::collectors
