// A value as PowerShell turns it into a string; what ConvertTo-Json writes below its depth.
#pragma once

#include "agent/base/error.hpp"
#include "agent/value/value.hpp"

#include <cstddef>
#include <string>

namespace sfb::json {

/// ToString() of objects that have one, items joined by blanks for lists, `@{A=1; B=b}` for custom
/// objects, invariant culture. Shared objects may stand in a list many times: more than `max_bytes`
/// are refused, `render.too_large`.
Result<std::string> text_of(const Graph& graph, const Value& value, std::size_t max_bytes);

}  // namespace sfb::json
