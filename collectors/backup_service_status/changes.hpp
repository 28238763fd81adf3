// What is worth telling of an answer: for the log and for the history. Pure.
#pragma once

#include "collectors/backup_service_status/status.hpp"

#include <string>
#include <vector>

namespace sfb::collectors {

/// Modules that came, went or changed a state word.
std::vector<Change> changes(const BackupStatus& before, const BackupStatus& now);

/// The words of all modules.
std::vector<ModuleWords> words_of(const BackupStatus& status);

/// Notes, and words that this build does not know: metrics only say `Unknown`, the raw word must
/// stand somewhere. Empty when there is nothing.
std::string oddities(const BackupStatus& status);

}  // namespace sfb::collectors
