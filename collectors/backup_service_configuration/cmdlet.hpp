// The cmdlet's signature and script.
#pragma once

#include "agent/binding/binding.hpp"

#include <string_view>

namespace sfb::collectors {

inline constexpr std::string_view kConfigurationCmdlet = "Get-CsBackupServiceConfiguration";
/// Reads the replica on the server that is asked, instead of the Central Management store.
inline constexpr std::string_view kLocalStore = "LocalStore";

/// Get-CsBackupServiceConfiguration as Microsoft documents it. Identity is positional there; here
/// it must be named.
const binding::Cmdlet& get_cs_backup_service_configuration();

/// Its script (Collector::script).
std::string_view backup_service_configuration_script();

}  // namespace sfb::collectors
