// The modules of a status object in all their shapes. Internal to the collector; pure functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/limits.hpp"
#include "agent/value/pipeline.hpp"
#include "collectors/backup_service_status/status.hpp"

#include <optional>
#include <vector>

namespace sfb::collectors {

/// What the script told of the modules one by one; empty where there was no script.
std::vector<const Value*> rows_of_script(const PipelineResult& result);

/// The words of one module in any of its shapes; absent where it cannot be read.
std::optional<ModuleWords> words_of_module(const Graph& graph, const Value& item);

/// Reads BackupModules of the object, which has it, into `status`: its items, or the script's rows,
/// which hold more than what remoting flattened. Both must say the same as far as both can be read.
Status read_modules(const PipelineResult& result, const Value& object, const Limits& limits,
                    BackupStatus& status);

}  // namespace sfb::collectors
