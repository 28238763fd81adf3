// The text of numbers in culture en-US. Thread rule: pure functions.
#pragma once

#include "agent/value/value.hpp"

#include <optional>
#include <string>

namespace sfb::format {

struct Style;

/// What ToString() gives for a single or double: 7 and 15 significant digits, which PowerShell asks
/// for in all editions. A text that is no number prints as it is.
std::string number_text(const Value& value, const Style& style);

/// A number with fractions as a table of PowerShell 7 shows it, with three decimals; nullopt for
/// other kinds. A text that is not what its kind says prints as it is.
std::optional<std::string> fixed_text(const Value& value);

/// A number as .NET's general format with that many significant digits: `0.1`, `1E-07`, `-1E+30`.
/// An exponent shows from 10 to the power of `fixed_digits` on; 0: of `digits`.
std::string general_number(double number, int digits, int fixed_digits = 0);

/// A single or double with as many digits as it takes to read it back, as .NET itself prints it;
/// nullopt for other kinds.
std::optional<std::string> round_trip_text(const Value& value, const Style& style);

}  // namespace sfb::format
