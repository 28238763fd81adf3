// Two clocks: a wall clock for what is shown, and a monotonic one for ages and
// schedules.
#pragma once

#include "agent/base/error.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace sfb {

using Micros = std::chrono::microseconds;
/// UTC, to the microsecond.
using WallTime = std::chrono::sys_time<Micros>;
/// For ages, deadlines and schedules; never shown.
using MonoTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// Both clocks read together; the argument `now` of every state machine.
struct Now {
  WallTime wall;
  MonoTime mono;
};

/// The seam for tests. Thread rule: `now` may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Now now() const = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  Now now() const override;
};

/// A duration as Prometheus writes it: `90s`, `2m`, `1h30m`, `500ms`, `0`; units y w d h m s ms,
/// each at most once and in this order. Reason::parse, code `duration.invalid`.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The same spelling back (`1h30m`); `0s` for zero.
std::string format_duration(std::chrono::milliseconds duration);

/// `2026-11-23T18:47:03.123456Z` without trailing zeros of the fraction.
std::string format_iso8601(WallTime time);

/// An ISO 8601 date and time with `T` or blank, 0-7 fraction digits, `Z`, an offset or nothing
/// (read as UTC). Reason::parse, code `time.invalid`.
Result<WallTime> parse_iso8601(std::string_view text);

/// Unix seconds, as metrics carry them.
double to_unix_seconds(WallTime time);

/// Time spent in one stage of an evaluation.
struct StageTime {
  Stage stage = Stage::none;
  std::chrono::nanoseconds duration{0};
};

/// Seconds of a duration, as metrics carry them.
inline double to_seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace sfb
