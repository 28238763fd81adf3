// Reads a line as typed at PowerShell's prompt into tokens. It knows what the golden lines need:
// quotes, $true, $false, $null, numbers, lists, `-Name:value`, all of PowerShell's dashes. No
// expressions, variables or pipelines. For tests only.
#pragma once

#include "agent/binding/binding.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::binding {

/// An error that comes before binding.
struct LineError {
  BindError error;
  std::string invocation_name;  ///< the `NAME : ` before the message; empty: none
  bool has_position = false;    ///< a parse error of a typed line shows none
};

/// The tokens behind the command name; errors for another command name and an unclosed quote.
std::expected<std::vector<Token>, LineError> read_line(const Cmdlet& cmdlet, std::string_view line);

}  // namespace sfb::binding
