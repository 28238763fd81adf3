// Collector backup_service_configuration: the deployment's settings of the Backup Service.
// README.md: what is known of them.
#pragma once

#include "collectors/collector.hpp"

namespace sfb::collectors {

extern const Collector kBackupServiceConfiguration;

}  // namespace sfb::collectors
