// The common parameters of Windows PowerShell 5.1.
#include "agent/binding/common_parameters.hpp"

#include <utility>

namespace sfb::binding {

namespace {

Parameter common_switch(std::string name, std::string alias) {
  return {.name = std::move(name),
          .type = ParameterType::switch_flag,
          .type_name = "System.Management.Automation.SwitchParameter",
          .aliases = {std::move(alias)}};
}

Parameter common_preference(std::string name, std::string alias) {
  return {.name = std::move(name),
          .type = ParameterType::enumeration,
          .type_name = "System.Management.Automation.ActionPreference",
          .enumerators = {"SilentlyContinue", "Stop", "Continue", "Inquire", "Ignore", "Suspend"},
          .aliases = {std::move(alias)}};
}

Parameter common_variable(std::string name, std::string alias) {
  return {.name = std::move(name),
          .type = ParameterType::text,
          .type_name = "System.String",
          .aliases = {std::move(alias)}};
}

}  // namespace

const std::vector<Parameter>& common_parameters() {
  static const std::vector<Parameter> kCommon = {
      common_switch("Verbose", "vb"),
      common_switch("Debug", "db"),
      common_preference("ErrorAction", "ea"),
      common_preference("WarningAction", "wa"),
      common_preference("InformationAction", "infa"),
      common_variable("ErrorVariable", "ev"),
      common_variable("WarningVariable", "wv"),
      common_variable("InformationVariable", "iv"),
      common_variable("OutVariable", "ov"),
      {.name = "OutBuffer",
       .type = ParameterType::integer,
       .type_name = "System.Int32",
       .aliases = {"ob"}},
      common_variable("PipelineVariable", "pv"),
  };
  return kCommon;
}

}  // namespace sfb::binding
