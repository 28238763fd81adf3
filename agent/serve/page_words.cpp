#include "agent/serve/page_words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sfb::serve {
namespace {

std::string two_units(std::int64_t large, std::string_view large_name, std::int64_t small,
                      std::string_view small_name) {
  return small == 0 ? fmt::format("{} {}", large, large_name)
                    : fmt::format("{} {} {} {}", large, large_name, small, small_name);
}

}  // namespace

std::string_view name_of(Standing standing) {
  switch (standing) {
    case Standing::bad:
      return "bad";
    case Standing::failing:
      return "failing";
    case Standing::good:
      return "good";
    case Standing::unknown:
      break;
  }
  return "unknown";
}

std::string_view words_of(Standing standing) {
  switch (standing) {
    case Standing::bad:
      return "not working";
    case Standing::failing:
      return "not answering";
    case Standing::good:
      return "working";
    case Standing::unknown:
      break;
  }
  return "unknown";
}

std::string_view mark_of(Standing standing) {
  switch (standing) {
    case Standing::bad:
      return "\u2715";
    case Standing::failing:
      return "!";
    case Standing::good:
      return "\u2713";
    case Standing::unknown:
      break;
  }
  return "?";
}

std::string_view mark_of_health(std::string_view health) {
  if (health == "good") {
    return mark_of(Standing::good);
  }
  if (health == "bad") {
    return mark_of(Standing::bad);
  }
  return health == "benign" ? "\u2013" : mark_of(Standing::unknown);
}

std::string span_text(std::chrono::nanoseconds span) {
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 60 * kMinute;
  constexpr std::int64_t kDay = 24 * kHour;
  const std::int64_t seconds =
      std::max<std::int64_t>(0, std::chrono::floor<std::chrono::seconds>(span).count());
  if (seconds < kMinute) {
    return fmt::format("{} s", seconds);
  }
  if (seconds < kHour) {
    return fmt::format("{} min", seconds / kMinute);
  }
  return seconds < kDay ? two_units(seconds / kHour, "h", seconds % kHour / kMinute, "min")
                        : two_units(seconds / kDay, "d", seconds % kDay / kHour, "h");
}

std::string ago_text(WallTime time, WallTime now) {
  if (time > now) {
    return "in " + span_text(time - now);
  }
  return now - time < std::chrono::seconds(1) ? "just now" : span_text(now - time) + " ago";
}

std::string clock_text(WallTime time, WallTime now) {
  constexpr std::size_t kDate = 10;
  constexpr std::size_t kToSeconds = 19;
  const std::string text = format_iso8601(time).substr(0, kToSeconds);
  const std::string date = text.substr(0, kDate);
  const std::string clock = text.substr(std::min(kDate + 1, text.size()));
  return format_iso8601(now).starts_with(date) ? clock : date + ' ' + clock;
}

}  // namespace sfb::serve
