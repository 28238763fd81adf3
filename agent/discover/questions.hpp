// What a front end is asked. Pure functions.
#pragma once

#include "agent/base/fqdn.hpp"
#include "agent/value/pipeline.hpp"

#include <string>
#include <string_view>

namespace sfb::discover {

inline constexpr std::string_view kServiceCmdlet = "Get-CsService";
inline constexpr std::string_view kPoolCmdlet = "Get-CsPool";

/// `Get-CsService -UserServer`: the pools that have users, and so a Backup Service.
Call services_call();

/// `Get-CsPool`: sites, and which servers a pool has.
Call pools_call();

/// `Get-CsManagementStoreReplicationStatus -CentralManagementStoreStatus`: the active master.
/// `pool` is through whom it is asked.
Call store_call(const Fqdn& pool);

/// `Get-CsPoolBackupRelationship -PoolFqdn pool`, from the local replica where `local_store`.
Call relationship_call(const Fqdn& pool, bool local_store);

/// The call as somebody would type it: `Get-CsService -UserServer`.
std::string spelled(const Call& call);

}  // namespace sfb::discover
