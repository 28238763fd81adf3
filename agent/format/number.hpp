// The text of numbers in culture en-US. Thread rule: pure functions.
#pragma once

#include "agent/value/value.hpp"

#include <optional>
#include <string>

namespace sfb::format {

struct Style;

/// What ToString() gives for a single or double: 7 or 15 significant digits, as in all editions of
/// PowerShell. A text that is no number prints as it is.
std::string number_text(const Value& value, const Style& style);

/// A number with fractions as a table of PowerShell 7 shows it, with three decimals; nullopt for
/// other kinds. A text that does not fit its kind prints as it is.
std::optional<std::string> fixed_text(const Value& value);

/// A number as .NET's general format with that many significant digits: `0.1`, `1E-07`, `-1E+30`.
/// From 10^`fixed_digits` on it has an exponent; 0: from 10^`digits` on.
std::string general_number(double number, int digits, int fixed_digits = 0);

/// A single or double in the fewest digits that read back to the same value, as .NET prints it;
/// nullopt for other kinds.
std::optional<std::string> round_trip_text(const Value& value, const Style& style);

}  // namespace sfb::format
