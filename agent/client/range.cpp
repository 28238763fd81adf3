#include "agent/client/range.hpp"

#include "agent/base/text.hpp"
#include "agent/base/time.hpp"

#include <fmt/format.h>

#include <charconv>
#include <system_error>

namespace sfb::client {

namespace {

std::optional<double> seconds_of(std::string_view text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error == std::errc{} && at == end && number >= 0) {
    return number;
  }
  const auto duration = parse_duration(text);
  return duration ? std::optional(to_seconds(*duration)) : std::nullopt;
}

}  // namespace

bool Range::alarms(double value) const {
  const bool within = (!low || value >= *low) && (!high || value <= *high);
  return within == inside;
}

std::optional<std::string> Range::upper() const {
  return !inside && low == 0 && high ? std::optional(fmt::format("{}", *high)) : std::nullopt;
}

Result<Range> parse_range(std::string_view text) {
  const auto mistaken = [&] {
    return fail(Reason::parse, "client.range", fmt::format("{} is no threshold", quote(text, 80)),
                "write an age (15m, 900) or a range of ages (5m:1h, @0:5m, ~:1h)");
  };
  Range range;
  std::string_view rest = text;
  if (rest.starts_with('@')) {
    range.inside = true;
    rest.remove_prefix(1);
  }
  const std::size_t colon = rest.find(':');
  if (colon != std::string_view::npos) {
    const std::string_view low = rest.substr(0, colon);
    range.low = low == "~" ? std::nullopt : seconds_of(low.empty() ? "0" : low);
    if (low != "~" && !range.low) {
      return mistaken();
    }
    rest.remove_prefix(colon + 1);
  }
  if (!rest.empty() || colon == std::string_view::npos) {
    range.high = seconds_of(rest);
    if (!range.high) {
      return mistaken();
    }
  }
  if (range.low && range.high && *range.low > *range.high) {
    return mistaken();
  }
  const std::string high = range.high ? fmt::format("{}", *range.high) : std::string();
  range.text = range.low == 0 && range.high
                   ? high
                   : fmt::format("{}:{}", range.low ? fmt::format("{}", *range.low) : "~", high);
  range.text.insert(0, range.inside ? "@" : "");
  return range;
}

}  // namespace sfb::client
