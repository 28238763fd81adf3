// Time spans of .NET as they arrive in CLIXML and JSON. Pure functions.
#pragma once

#include "agent/value/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sfb {

/// One second in ticks, the unit of a TimeSpan: 100 ns.
inline constexpr std::int64_t kTicksPerSecond = 10'000'000;

/// Ticks of an xs:duration (`-P1DT2H3M4.005S`; a month is 30 days, a year 365, as .NET reads them);
/// nullopt when it is not a duration or does not fit 64 bits.
std::optional<std::int64_t> duration_ticks(std::string_view text);

/// TimeSpan.ToString(): `[-][d.]hh:mm:ss[.fffffff]`.
std::string time_span_text(std::int64_t ticks);

/// Ticks of what time_span_text writes; nullopt for everything else.
std::optional<std::int64_t> parse_time_span(std::string_view text);

/// The ticks that a value means: a TimeSpan, also wrapped in an object with further members; the
/// object that ConvertTo-Json makes of one (`Ticks`, without it `TotalSeconds`); or a text in
/// either spelling. nullopt for everything else: a bare number does not tell its unit.
std::optional<std::int64_t> as_time_span(const Graph& graph, const Value& value);

}  // namespace sfb
