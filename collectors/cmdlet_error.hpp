// A cmdlet gave errors instead of objects: the same for every collector. Pure.
#pragma once

#include "agent/base/error.hpp"
#include "agent/value/pipeline.hpp"

#include <string>
#include <string_view>

namespace sfb::collectors {

/// The code of an error of a cmdlet that the session does not know.
inline constexpr std::string_view kNotFound = "cmdlet.not_found";

/// The code where the cmdlet is there and another command is not.
inline constexpr std::string_view kOtherNotFound = "cmdlet.other_not_found";

/// Reason::cmdlet with the first error's text as peer. `code` is `cmdlet.error` or `cmdlet.failed`;
/// errors that have a known cause get `cmdlet.second_hop`, `cmdlet.not_found`,
/// `cmdlet.other_not_found` or `cmdlet.import_failed` instead, with a remedy.
Error cmdlet_error(const PipelineResult& result, std::string_view cmdlet, std::string code,
                   std::string message);

}  // namespace sfb::collectors
