// The line that errors point into: rebuilt from tokens, and shown with the squiggle. Thread rule:
// pure functions.
#pragma once

#include "agent/binding/binding.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::binding {

/// A line rebuilt canonically from tokens (offsets and lengths are set to match): `Name -A x
/// -B:$false`. Values are quoted where PowerShell would read them as something else when bare.
std::string canonical_line(const Cmdlet& cmdlet, std::vector<Token>& tokens);

/// What stands for the rest of a long line: in Windows PowerShell, and in PowerShell 7.
inline constexpr std::string_view kEllipsis51 = "...";
inline constexpr std::string_view kEllipsis7 = "\u2026";

/// PositionMessage: `At line:1 char:N`, the line with `+ `, the squiggle; long lines cut around the
/// error as Windows PowerShell does, `ellipsis` where it was (PowerShell 7: kEllipsis7). Offset and
/// length are UTF-16 units; a place outside the line is moved to its end.
std::string position_message(std::string_view line, std::size_t offset, std::size_t length,
                             std::string_view ellipsis = kEllipsis51);

/// The same for an error: without a place of its own it is the whole line's.
std::string position_message(std::string_view line, const BindError& error,
                             std::string_view ellipsis = kEllipsis51);

}  // namespace sfb::binding
