// Escape sequences inside values. Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace sfb::format {

/// Removes the sequences that PowerShell 7 takes for decoration: colours (`ESC [ 1 ; 31 m`),
/// private modes (`ESC [ ? 25 l`) and links (`ESC ] 8 ; ; ... ESC \`, on one line). Others stay.
/// Linear time.
std::u16string without_escapes(std::u16string_view text);

}  // namespace sfb::format
