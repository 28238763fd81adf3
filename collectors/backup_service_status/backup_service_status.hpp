// Collector backup_service_status: the status of the Backup Service of a paired pool, module by
// module. README.md: what is known of the service.
#pragma once

#include "collectors/collector.hpp"

namespace sfb::collectors {

extern const Collector kBackupServiceStatus;

}  // namespace sfb::collectors
