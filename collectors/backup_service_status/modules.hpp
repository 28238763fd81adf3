// The modules of a status object in all their shapes. Internal to the collector; pure functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/limits.hpp"
#include "agent/value/pipeline.hpp"
#include "collectors/backup_service_status/status.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::collectors {

/// Reason::parse with the remedy of answers that cannot be read.
std::unexpected<Error> bad(std::string code, std::string message, std::string peer = {});

/// At most `limit` bytes, cut between characters.
std::string cut(std::string_view text, std::size_t limit);

/// Whether a text may become a label; `what` names it.
Status check_label(std::string_view what, std::string_view text, const Limits& limits);

/// What the script told of the modules one by one; empty where there was no script.
std::vector<const Value*> rows_of_script(const PipelineResult& result);

/// Reads BackupModules of the object, which has it, into `status`: its items, or the script's rows,
/// which hold more than what remoting flattened. Both must say the same as far as both can be read.
Status read_modules(const PipelineResult& result, const Value& object, const Limits& limits,
                    BackupStatus& status);

}  // namespace sfb::collectors
