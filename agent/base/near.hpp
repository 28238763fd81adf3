// Names that somebody may have meant who wrote another one. Thread rule: pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sfb {

/// Those of `known` that are one or two slips of the pen away from `word` in any case (a letter too
/// much, too few, wrong, or two swapped), the nearest first, at most kMostNear. Capped: words over
/// 255 bytes are near to nothing, and only the first kMostKnown names are looked at.
inline constexpr std::size_t kMostNear = 3;
inline constexpr std::size_t kMostKnown = 1000;
std::vector<std::string_view> near_names(std::string_view word,
                                         std::span<const std::string_view> known);

/// `did you mean a, b or c?`; empty without names.
std::string did_you_mean(std::span<const std::string_view> names);

}  // namespace sfb
