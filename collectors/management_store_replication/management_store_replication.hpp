// Collectors management_store_replication and central_management_store: two questions of one
// cmdlet. README.md: what is known of it.
#pragma once

#include "collectors/collector.hpp"

namespace sfb::collectors {

/// A row per server that holds a replica of the Central Management store.
extern const Collector kManagementStoreReplication;

/// The store itself: the cmdlet with -CentralManagementStoreStatus.
extern const Collector kCentralManagementStore;

}  // namespace sfb::collectors
