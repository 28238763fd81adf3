// Thresholds of monitoring systems, over seconds. Pure functions.
#pragma once

#include "agent/base/error.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sfb::client {

/// When a value is an alarm, as Nagios' plugins say it: `10`: below 0 or above 10; `10:`: below 10;
/// `~:10`: above 10; `5:10`: outside; `@5:10`: inside, both ends included.
struct Range {
  std::optional<double> low = 0;    ///< none: without end
  std::optional<double> high = {};  ///< none: without end
  bool inside = false;
  std::string text = {};  ///< the same with plain seconds

  bool alarms(double value) const;
  /// The plain upper bound that this is; none for every other form.
  std::optional<std::string> upper() const;
};

/// Bounds are seconds (`900`, `0.5`) or durations (`15m`). Reason::parse, code `client.range`.
Result<Range> parse_range(std::string_view text);

}  // namespace sfb::client
