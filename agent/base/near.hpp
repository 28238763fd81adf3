// Names that somebody may have meant who wrote another one. Thread rule: pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sfb {

/// Those of `known` that are nearest to `word`: at most two slips of the pen away in any case (a
/// letter too much, too few, wrong, or two swapped), and none farther than another. At most
/// kMostNear. Capped: words over 255 bytes are near to nothing, and only the first kMostKnown names
/// are looked at.
inline constexpr std::size_t kMostNear = 3;
inline constexpr std::size_t kMostKnown = 1000;
std::vector<std::string_view> near_names(std::string_view word,
                                         std::span<const std::string_view> known);

/// The same of host names. A word without a dot is compared with their first labels.
std::vector<std::string_view> near_hosts(std::string_view word,
                                         std::span<const std::string_view> known);

/// `did you mean a, b or c?`; empty without names.
std::string did_you_mean(std::span<const std::string_view> names);

}  // namespace sfb
