// What every collector needs to read an answer. Pure functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/limits.hpp"
#include "agent/value/pipeline.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::collectors {

/// Reason::parse with the remedy of answers that cannot be read. of_file (dropped_file.hpp) advises
/// instead where they stand in a file.
std::unexpected<Error> bad_answer(std::string code, std::string message, std::string peer = {});

/// Whether a text may become a label; `what` names it. Reason::parse, code `status.label_too_long`
/// or `status.control_character`.
Status check_label(std::string_view what, std::string_view text, const Limits& limits);

/// The objects of an answer: what came and has members. At least one. Errors:
/// - cmdlet: `cmdlet.failed`, `cmdlet.error` (errors and no object), and what cmdlet_error makes of
///   them
/// - parse: `answer.empty`, `answer.unrecognised` (only texts or numbers came, and no error)
Result<std::vector<const Value*>> objects_of(const PipelineResult& result, std::string_view cmdlet);

/// Why part of an answer that has objects may be missing, one sentence each: its doubt, and errors
/// beside the objects. Empty for a whole answer.
std::vector<std::string> gaps_of(const PipelineResult& result);

/// Whether a text may be the name of one server: type names and joined names, which serialisers
/// leave of what lay too deep, are none.
bool is_server_name(std::string_view text);

}  // namespace sfb::collectors
