// How the status page says times and standings. Pure functions.
#pragma once

#include "agent/base/time.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace sfb::serve {

/// How a pool or a pair stands, worst first: the order of the page.
enum class Standing : std::uint8_t {
  bad,      ///< not working
  unknown,  ///< no answer that tells: never good
  failing,  ///< the last good answer was fine, and the pool does not answer now
  good,     ///< working
};
inline constexpr std::array kStandings = {Standing::bad, Standing::unknown, Standing::failing,
                                          Standing::good};

/// In addresses and class names: `bad`, `unknown`, `failing`, `good`.
std::string_view name_of(Standing standing);
/// `not working`, `unknown`, `not answering`, `working`.
std::string_view words_of(Standing standing);
/// Beside the colour: one character.
std::string_view mark_of(Standing standing);
/// The mark of a module's health: good, benign, bad, unknown.
std::string_view mark_of_health(std::string_view health);

/// `45 s`, `12 min`, `3 h 5 min`, `4 d 2 h`: two units at most; below 0 as 0.
std::string span_text(std::chrono::nanoseconds span);
/// `2 min ago`; `just now` below a second; `in 3 min` of what comes.
std::string ago_text(WallTime time, WallTime now);
/// UTC: `18:45:03` of the same day as `now`, else `2026-11-22 18:45:03`.
std::string clock_text(WallTime time, WallTime now);

}  // namespace sfb::serve
