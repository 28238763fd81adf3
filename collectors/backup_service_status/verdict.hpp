// "Configured and working properly", judged from one answer alone. Pure, thread-safe functions.
#pragma once

#include "collectors/backup_service_status/status.hpp"

namespace sfb::collectors {

/// The two directions of a module, as `judge` takes them.
Judged judge_export(const Module& module, const Expectation& expectation);
Judged judge_import(const Module& module, const Expectation& expectation);

/// The one place where a status is judged.
Verdict judge(const BackupStatus& status, const Expectation& expectation);

}  // namespace sfb::collectors
