#include "collectors/management_store_replication/cmdlet.hpp"

#include "agent/binding/common_parameters.hpp"
#include "collectors/plain_script.hpp"

#include <array>
#include <string>

namespace sfb::collectors {

namespace {

constexpr std::string_view kReplica = "ReplicaFqdn";

}  // namespace

const binding::Cmdlet& get_cs_management_store_replication_status() {
  // The class behind the cmdlet is not known, so class_name stays empty.
  static const binding::Cmdlet kCmdlet = {
      .name = std::string(kReplicationStatusCmdlet),
      .class_name = {},
      .parameters = {{.name = std::string(kReplica),
                      .type = binding::ParameterType::text,
                      .type_name = "System.String"},
                     {.name = std::string(kStoreSwitch),
                      .type = binding::ParameterType::switch_flag,
                      .type_name = "System.Management.Automation.SwitchParameter"}},
      .common = binding::common_parameters()};
  return kCmdlet;
}

std::string_view replication_status_script() {
  static const std::string kScript =
      plain_script(kReplicationStatusCmdlet, std::array{kReplica, kStoreSwitch});
  return kScript;
}

}  // namespace sfb::collectors
