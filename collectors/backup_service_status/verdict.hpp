// "Configured and working properly", judged from one answer alone. Pure, thread-safe functions.
#pragma once

#include "collectors/backup_service_status/status.hpp"

namespace sfb::collectors {

/// The one place where a status is judged.
Verdict judge(const BackupStatus& status, const Expectation& expectation);

}  // namespace sfb::collectors
