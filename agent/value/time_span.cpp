#include "agent/value/time_span.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"
#include "agent/value/access.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace sfb {

namespace {

constexpr std::int64_t kMinute = 60 * kTicksPerSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::size_t kTickDigits = 7;

// The digits at the front, taken away.
std::string_view take_digits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) {
    ++count;
  }
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

bool take(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

std::optional<std::int64_t> number_of(std::string_view digits) {
  std::int64_t number = 0;
  const auto [at, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return digits.empty() || error != std::errc{} ? std::nullopt : std::optional(number);
}

// Adds a part; false on overflow. Negative sums reach one tick further than positive.
bool add(std::int64_t& ticks, std::int64_t count, std::int64_t unit) {
  std::int64_t product = 0;
  return !__builtin_mul_overflow(count, unit, &product) &&
         !__builtin_add_overflow(ticks, product, &ticks);
}

// Seven digits behind the point are ticks; more are cut.
std::int64_t fraction_ticks(std::string_view digits) {
  std::int64_t ticks = 0;
  for (std::size_t i = 0; i < kTickDigits; ++i) {
    ticks = ticks * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  }
  return ticks;
}

std::int64_t unit_of(char letter, bool of_time) {
  if (of_time) {
    return letter == 'H' ? kHour : letter == 'M' ? kMinute : letter == 'S' ? kTicksPerSecond : 0;
  }
  return letter == 'Y' ? 365 * kDay : letter == 'M' ? 30 * kDay : letter == 'D' ? kDay : 0;
}

// Two digits, less than `most`.
std::optional<std::int64_t> clock_part(std::string_view& text, std::int64_t most) {
  const std::string_view digits = take_digits(text);
  const auto part = digits.size() == 2 ? number_of(digits) : std::nullopt;
  return part && *part < most ? part : std::nullopt;
}

// What ConvertTo-Json makes of a TimeSpan.
std::optional<std::int64_t> ticks_of_members(const Graph& graph, const Value& value) {
  if (const Value* const ticks = find_member(graph, value, "Ticks")) {
    return as_int64(graph, *ticks);
  }
  const Value* const total = find_member(graph, value, "TotalSeconds");
  if (total == nullptr) {
    return std::nullopt;
  }
  double seconds = 0;
  const char* const end = total->text.data() + total->text.size();
  const auto [at, error] = std::from_chars(total->text.data(), end, seconds);
  const double ticks = seconds * static_cast<double>(kTicksPerSecond);
  constexpr double kMost = 0x1p63;
  if (error != std::errc{} || at != end || !(std::abs(ticks) < kMost)) {
    return std::nullopt;
  }
  return std::llround(ticks);
}

}  // namespace

std::optional<std::int64_t> duration_ticks(std::string_view text) {
  text = trim(text);
  const std::int64_t sign = take(text, '-') ? -1 : 1;
  if (!take(text, 'P')) {
    return std::nullopt;
  }
  std::int64_t ticks = 0;
  bool of_time = false;
  bool any = false;
  while (!text.empty()) {
    if (!of_time && take(text, 'T')) {
      of_time = true;
      continue;
    }
    const auto count = number_of(take_digits(text));
    const std::string_view fraction = take(text, '.') ? take_digits(text) : std::string_view();
    const char letter = text.empty() ? '\0' : text.front();
    const std::int64_t unit = unit_of(letter, of_time);
    if (!count || unit == 0 || (!fraction.empty() && letter != 'S') ||
        !add(ticks, sign * *count, unit) || !add(ticks, sign * fraction_ticks(fraction), 1)) {
      return std::nullopt;
    }
    text.remove_prefix(1);
    any = true;
  }
  return any ? std::optional(ticks) : std::nullopt;
}

std::string time_span_text(std::int64_t ticks) {
  const auto part = [&](std::int64_t unit, std::int64_t modulus) {
    const std::int64_t value = ticks / unit % modulus;
    return value < 0 ? -value : value;
  };
  const std::int64_t days = ticks / kDay;
  std::string out = ticks < 0 ? "-" : "";
  if (days != 0) {
    out += fmt::format("{}.", days < 0 ? -days : days);
  }
  out += fmt::format("{:02}:{:02}:{:02}", part(kHour, 24), part(kMinute, 60),
                     part(kTicksPerSecond, 60));
  if (const std::int64_t fraction = part(1, kTicksPerSecond); fraction != 0) {
    out += fmt::format(".{:07}", fraction);
  }
  return out;
}

std::optional<std::int64_t> parse_time_span(std::string_view text) {
  const std::int64_t sign = take(text, '-') ? -1 : 1;
  std::optional<std::int64_t> days = 0;
  if (const auto point = text.find('.'); point < text.find(':')) {
    days = number_of(take_digits(text));
    if (!take(text, '.')) {
      return std::nullopt;
    }
  }
  const auto hours = clock_part(text, 24);
  const auto minutes = take(text, ':') ? clock_part(text, 60) : std::nullopt;
  const auto seconds = take(text, ':') ? clock_part(text, 60) : std::nullopt;
  std::string_view fraction;
  if (take(text, '.')) {
    fraction = take_digits(text);
    if (fraction.size() != kTickDigits) {
      return std::nullopt;
    }
  }
  std::int64_t ticks = 0;
  if (!text.empty() || !days || !hours || !minutes || !seconds || !add(ticks, sign * *days, kDay) ||
      !add(ticks, sign * *hours, kHour) || !add(ticks, sign * *minutes, kMinute) ||
      !add(ticks, sign * *seconds, kTicksPerSecond) ||
      !add(ticks, sign * fraction_ticks(fraction), 1)) {
    return std::nullopt;
  }
  return ticks;
}

std::optional<std::int64_t> as_time_span(const Graph& graph, const Value& value) {
  const Value* span = &value;
  if (const Object* const object = graph.object(value)) {
    if (!object->base) {
      return ticks_of_members(graph, value);
    }
    span = &*object->base;
  }
  if (span->kind == Kind::time_span) {
    return duration_ticks(span->text);
  }
  if (span->kind != Kind::string) {
    return std::nullopt;
  }
  const std::string_view text = trim(span->text);
  const auto ticks = parse_time_span(text);
  return ticks ? ticks : duration_ticks(text);
}

}  // namespace sfb
