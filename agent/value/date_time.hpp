// Dates of .NET as they arrive in CLIXML and JSON. Pure functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/time.hpp"
#include "agent/value/value.hpp"

#include <optional>
#include <string_view>

namespace sfb {

/// `/Date(1732387623123)/`, as Windows PowerShell's ConvertTo-Json writes a date, or what
/// parse_iso8601 reads. Errors are those of parse_iso8601.
Result<WallTime> parse_date_time(std::string_view text);

/// The date that a value means: a DateTime, its text, or either wrapped in an object with further
/// members, as both serialisers write it where a script added some. Without a zone it is UTC.
/// nullopt for everything else, and for dates before 1970: .NET's empty date is in the year 1.
std::optional<WallTime> as_date_time(const Graph& graph, const Value& value);

}  // namespace sfb
