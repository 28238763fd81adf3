// What the objects of an answer mean. Pure, thread-safe functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/limits.hpp"
#include "agent/value/pipeline.hpp"
#include "collectors/backup_service_status/status.hpp"

namespace sfb::collectors {

/// Reads a pipeline's result (agent/README.md, "Outcomes"): one status object, or none and no
/// errors, is good. A doubt of the result becomes a note. Errors: cmdlet
/// (`cmdlet.error`, `cmdlet.failed`, hints `cmdlet.second_hop`, `cmdlet.not_found` and
/// `cmdlet.import_failed`, the first error's text as peer),
/// parse (`status.several`, `status.unrecognised`, `status.too_many_modules`,
/// `status.duplicate_module`, `status.bad_module`, `status.control_character`,
/// `status.label_too_long`), protocol (`status.missing`: the script told of modules, no object
/// came). BackupModules may be objects or strings `Name:[Export,Import]`, a list
/// or a single value; null is an empty list. An empty list is conclusive only where
/// the object says nothing else but its pool, or NotInitialized of the whole.
Result<BackupStatus> interpret(const PipelineResult& result, const Limits& limits);

}  // namespace sfb::collectors
