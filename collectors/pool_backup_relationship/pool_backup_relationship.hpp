// Collector pool_backup_relationship: the partner of a pool as the server knows it. README.md: what
// is known of the cmdlet.
#pragma once

#include "collectors/collector.hpp"

namespace sfb::collectors {

extern const Collector kPoolBackupRelationship;

}  // namespace sfb::collectors
