// What every collector needs to read an answer. Pure functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/limits.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace sfb::collectors {

/// Reason::parse with the remedy of answers that cannot be read.
std::unexpected<Error> bad_answer(std::string code, std::string message, std::string peer = {});

/// Whether a text may become a label; `what` names it. Reason::parse, code `status.label_too_long`
/// or `status.control_character`.
Status check_label(std::string_view what, std::string_view text, const Limits& limits);

}  // namespace sfb::collectors
