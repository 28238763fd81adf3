#include "agent/base/time.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

namespace sfb {

namespace {

using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  std::int64_t ms;
};

constexpr std::array kUnits = {Unit{"y", 365LL * 86'400'000},
                               Unit{"w", 7LL * 86'400'000},
                               Unit{"d", 86'400'000},
                               Unit{"h", 3'600'000},
                               Unit{"m", 60'000},
                               Unit{"s", 1'000},
                               Unit{"ms", 1}};

std::unexpected<Error> bad_duration(std::string_view text) {
  return fail(Reason::parse, "duration.invalid",
              fmt::format("{} is not a duration", quote(text, 40)),
              "write it as Prometheus does, for example 90s, 2m or 1h30m");
}

std::unexpected<Error> bad_time(std::string_view text) {
  return fail(Reason::parse, "time.invalid",
              fmt::format("{} is not an ISO 8601 date and time", quote(text, 60)));
}

// Reads exactly `digits` digits at `pos`; -1 when they are not there.
int take_digits(std::string_view text, std::size_t& pos, std::size_t digits) {
  if (text.size() - pos < digits) {
    return -1;
  }
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const char c = text[pos + i];
    if (!is_digit(c)) {
      return -1;
    }
    value = value * 10 + (c - '0');
  }
  pos += digits;
  return value;
}

bool take(std::string_view text, std::size_t& pos, char c) {
  if (pos < text.size() && text[pos] == c) {
    ++pos;
    return true;
  }
  return false;
}

// `Z`, `+hh:mm`, `-hh:mm` or nothing up to the end of the text.
bool take_offset(std::string_view text, std::size_t& pos, std::chrono::minutes& offset) {
  if (pos == text.size()) {
    return true;
  }
  if (take(text, pos, 'Z')) {
    return pos == text.size();
  }
  const bool negative = text[pos] == '-';
  if (!negative && text[pos] != '+') {
    return false;
  }
  ++pos;
  const int hours = take_digits(text, pos, 2);
  const bool colon = take(text, pos, ':');
  const int minutes = take_digits(text, pos, 2);
  if (!colon || hours < 0 || hours > 14 || minutes < 0 || minutes > 59 || pos != text.size()) {
    return false;
  }
  offset = std::chrono::minutes((negative ? -1 : 1) * (hours * 60 + minutes));
  return true;
}

}  // namespace

Now SystemClock::now() const {
  return {std::chrono::floor<Micros>(std::chrono::system_clock::now()),
          std::chrono::steady_clock::now()};
}

Result<milliseconds> parse_duration(std::string_view text) {
  if (text == "0") {
    return milliseconds(0);
  }
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  if (at == end) {
    return bad_duration(text);
  }
  while (at != end) {
    std::int64_t number = 0;
    const auto [after, error] = std::from_chars(at, end, number);
    if (error != std::errc{} || after == at || *at == '-') {
      return bad_duration(text);
    }
    const char* unit_end = after;
    while (unit_end != end && *unit_end >= 'a' && *unit_end <= 'z') {
      ++unit_end;
    }
    const std::string_view name(after, static_cast<std::size_t>(unit_end - after));
    while (next_unit < kUnits.size() && kUnits[next_unit].name != name) {
      ++next_unit;
    }
    if (next_unit == kUnits.size()) {
      return bad_duration(text);
    }
    const std::int64_t factor = kUnits[next_unit++].ms;
    // Nothing near the type's end makes sense here; a hundred years bounds later arithmetic.
    constexpr std::int64_t kMost = 100LL * 365 * 86'400'000;
    if (number > kMost / factor || total > kMost - number * factor) {
      return bad_duration(text);
    }
    total += number * factor;
    at = unit_end;
  }
  return milliseconds(total);
}

std::string format_duration(milliseconds duration) {
  std::int64_t rest = duration.count();
  if (rest == 0) {
    return "0s";
  }
  std::string out;
  for (const Unit& unit : kUnits) {
    // Prometheus prints years and weeks only when they come out even; so do we.
    const bool coarse = unit.name == "y" || unit.name == "w";
    if (rest < unit.ms || (coarse && rest % unit.ms != 0)) {
      continue;
    }
    out += fmt::format("{}{}", rest / unit.ms, unit.name);
    rest %= unit.ms;
  }
  return out;
}

std::string format_iso8601(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string out =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (clock.subseconds().count() != 0) {
    out += fmt::format(".{:06}", clock.subseconds().count());
    out.erase(out.find_last_not_of('0') + 1);
  }
  out += 'Z';
  return out;
}

Result<WallTime> parse_iso8601(std::string_view text) {
  std::size_t pos = 0;
  const int year = take_digits(text, pos, 4);
  const bool dash1 = take(text, pos, '-');
  const int month = take_digits(text, pos, 2);
  const bool dash2 = take(text, pos, '-');
  const int day = take_digits(text, pos, 2);
  const bool middle = take(text, pos, 'T') || take(text, pos, ' ');
  const int hour = take_digits(text, pos, 2);
  const bool colon1 = take(text, pos, ':');
  const int minute = take_digits(text, pos, 2);
  const bool colon2 = take(text, pos, ':');
  const int second = take_digits(text, pos, 2);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!dash1 || !dash2 || !middle || !colon1 || !colon2 || year < 1 || month < 1 || day < 1 ||
      !date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 59) {
    return bad_time(text);
  }
  std::int64_t micros = 0;
  if (take(text, pos, '.')) {
    std::size_t digits = 0;
    for (; pos < text.size() && is_digit(text[pos]); ++pos, ++digits) {
      if (digits < 6) {  // the seventh digit (.NET ticks) is below what we keep
        micros = micros * 10 + (text[pos] - '0');
      }
    }
    if (digits == 0 || digits > 7) {
      return bad_time(text);
    }
    for (; digits < 6; ++digits) {
      micros *= 10;
    }
  }
  std::chrono::minutes offset{0};
  if (!take_offset(text, pos, offset)) {
    return bad_time(text);
  }
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(second) + Micros(micros) - offset;
}

double to_unix_seconds(WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace sfb
