// The cmdlet's signature and script.
#pragma once

#include "agent/binding/binding.hpp"

#include <string_view>

namespace sfb::collectors {

inline constexpr std::string_view kReplicationStatusCmdlet =
    "Get-CsManagementStoreReplicationStatus";
/// Asks for the store itself instead of its replicas.
inline constexpr std::string_view kStoreSwitch = "CentralManagementStoreStatus";

/// Get-CsManagementStoreReplicationStatus as Microsoft documents it. ReplicaFqdn is positional
/// there; here it must be named.
const binding::Cmdlet& get_cs_management_store_replication_status();

/// Its script (Collector::script).
std::string_view replication_status_script();

}  // namespace sfb::collectors
