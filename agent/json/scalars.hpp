// The objects and numbers that ConvertTo-Json makes of scalars.
#pragma once

#include "agent/json/edition.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::json {

/// Members of a scalar that is written as an object: names and ready JSON numbers, in order.
using Members = std::vector<std::pair<std::string_view, std::string>>;

/// The properties of a System.TimeSpan; the .NET Framework below 5.1 has fewer of them.
Members time_span_members(std::int64_t ticks, Edition edition = Edition::powershell_7);

/// The properties of a System.Version; empty when the text is not a version.
Members version_members(std::string_view text);

/// A double as .NET prints it and JSON wants it. 7: shortest round trip, always with a point or an
/// exponent. 5.1: 15 digits, or 17 where 15 do not give the value back.
std::string double_text(double value, Edition edition = Edition::powershell_7);

/// A floating number's CLIXML text as JSON: `INF` and `NaN` become strings, in 7 whole numbers get
/// `.0`. Text that is no number becomes a JSON string.
std::string float_json(std::string_view text, Edition edition = Edition::powershell_7);

/// An integer's text as JSON; text that is no integer becomes a JSON string.
std::string integer_json(std::string_view text, Edition edition = Edition::powershell_7);

/// The bytes of base64 text; characters outside the alphabet are skipped.
std::vector<std::uint8_t> base64_bytes(std::string_view text);

}  // namespace sfb::json
