#include "agent/format/scalar.hpp"

#include "agent/base/ascii.hpp"
#include "agent/format/number.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

namespace sfb::format {

namespace {

// Reads `count` digits at the front of `text`.
bool take_digits(std::string_view& text, std::size_t count, int& number) {
  if (text.size() < count) {
    return false;
  }
  number = 0;
  for (const char c : text.substr(0, count)) {
    if (!is_digit(c)) {
      return false;
    }
    number = number * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return true;
}

bool take_char(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

// Seven decimal places at most count: TimeSpan's ticks.
constexpr std::size_t kTickDigits = 7;
constexpr std::int64_t kTicksPerSecond = 10'000'000;

// Adds `count` times `seconds` to the ticks; false when that leaves the range of a TimeSpan. Ticks
// are counted downwards because the range is one wider there.
bool subtract_seconds(std::int64_t& ticks, std::int64_t count, std::int64_t seconds) {
  std::int64_t product = 0;
  return !__builtin_mul_overflow(count, seconds * kTicksPerSecond, &product) &&
         !__builtin_sub_overflow(ticks, product, &ticks);
}

struct Unit {
  char letter;
  bool of_time;
  std::int64_t seconds;
};

// XmlConvert.ToTimeSpan takes a year as 365 days and a month as 30.
constexpr Unit kUnits[] = {{'Y', false, 31'536'000}, {'M', false, 2'592'000}, {'D', false, 86'400},
                           {'H', true, 3'600},       {'M', true, 60},         {'S', true, 1}};

const Unit* find_unit(char letter, bool of_time) {
  for (const Unit& unit : kUnits) {
    if (unit.letter == letter && unit.of_time == of_time) {
      return &unit;
    }
  }
  return nullptr;
}

// Negative ticks of a duration without its sign.
std::optional<std::int64_t> negative_ticks(std::string_view text) {
  if (!take_char(text, 'P') || text.empty()) {
    return std::nullopt;
  }
  std::int64_t ticks = 0;
  bool of_time = false;
  while (!text.empty()) {
    if (!of_time && take_char(text, 'T')) {
      of_time = true;
      continue;
    }
    std::int64_t count = 0;
    const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || count < 0) {
      return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(at - text.data()));
    std::int64_t fraction = 0;
    if (of_time && take_char(text, '.')) {
      std::size_t digits = 0;
      for (; !text.empty() && is_digit(text.front()); ++digits) {
        if (digits < kTickDigits) {
          fraction = fraction * 10 + (text.front() - '0');
        }
        text.remove_prefix(1);
      }
      for (; digits < kTickDigits; ++digits) {
        fraction *= 10;
      }
      if (!text.starts_with('S')) {
        return std::nullopt;
      }
    }
    const Unit* unit = text.empty() ? nullptr : find_unit(text.front(), of_time);
    if (unit == nullptr || !subtract_seconds(ticks, count, unit->seconds) ||
        __builtin_sub_overflow(ticks, fraction, &ticks)) {
      return std::nullopt;
    }
    text.remove_prefix(1);
  }
  return ticks;
}

}  // namespace

std::optional<std::string> date_text(std::string_view iso) {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!take_digits(iso, 4, year) || !take_char(iso, '-') || !take_digits(iso, 2, month) ||
      !take_char(iso, '-') || !take_digits(iso, 2, day) || !take_char(iso, 'T') ||
      !take_digits(iso, 2, hour) || !take_char(iso, ':') || !take_digits(iso, 2, minute) ||
      !take_char(iso, ':') || !take_digits(iso, 2, second)) {
    return std::nullopt;
  }
  const int twelve = hour % 12 == 0 ? 12 : hour % 12;
  return fmt::format("{}/{}/{:04} {}:{:02}:{:02} {}", month, day, year, twelve, minute, second,
                     hour < 12 ? "AM" : "PM");
}

std::optional<std::string> time_span_text(std::string_view duration) {
  const bool negative = take_char(duration, '-');
  const auto ticks = negative_ticks(duration);
  if (!ticks) {
    return std::nullopt;
  }
  // Negative remainders keep the one value that has no positive counterpart printable.
  const std::int64_t fraction = -(*ticks % kTicksPerSecond);
  const std::int64_t seconds = -(*ticks / kTicksPerSecond);
  const std::int64_t days = seconds / 86'400;
  return fmt::format("{}{}{:02}:{:02}:{:02}{}", negative && *ticks != 0 ? "-" : "",
                     days == 0 ? "" : fmt::format("{}.", days), seconds / 3'600 % 24,
                     seconds / 60 % 60, seconds % 60,
                     fraction == 0 ? "" : fmt::format(".{:07}", fraction));
}

std::string decode_base64(std::string_view text) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::string_view kBlanks = " \t\r\n";
  std::string bytes;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    if (kBlanks.contains(c)) {
      continue;
    }
    const std::size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) {
      break;
    }
    bits = bits << 6U | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes += static_cast<char>(bits >> held & 0xFFU);
    }
  }
  return bytes;
}

std::string scalar_text(const Value& value, const Style& style) {
  switch (value.kind) {
    case Kind::boolean:
      return value.text == "true" ? "True" : value.text == "false" ? "False" : value.text;
    case Kind::date_time:
      return date_text(value.text).value_or(value.text);
    case Kind::time_span:
      return time_span_text(value.text).value_or(value.text);
    case Kind::single:
    case Kind::double_float:
      return number_text(value, style);
    case Kind::xml_document:
      return "#document";
    case Kind::secure_string:
      return "System.Security.SecureString";
    default:
      return value.text;
  }
}

std::string_view type_name_of(Kind kind) {
  switch (kind) {
    case Kind::string:
      return "System.String";
    case Kind::character:
      return "System.Char";
    case Kind::boolean:
      return "System.Boolean";
    case Kind::date_time:
      return "System.DateTime";
    case Kind::time_span:
      return "System.TimeSpan";
    case Kind::uint8:
      return "System.Byte";
    case Kind::int8:
      return "System.SByte";
    case Kind::uint16:
      return "System.UInt16";
    case Kind::int16:
      return "System.Int16";
    case Kind::uint32:
      return "System.UInt32";
    case Kind::int32:
      return "System.Int32";
    case Kind::uint64:
      return "System.UInt64";
    case Kind::int64:
      return "System.Int64";
    case Kind::single:
      return "System.Single";
    case Kind::double_float:
      return "System.Double";
    case Kind::decimal:
      return "System.Decimal";
    case Kind::bytes:
      return "System.Byte[]";
    case Kind::guid:
      return "System.Guid";
    case Kind::uri:
      return "System.Uri";
    case Kind::version:
      return "System.Version";
    case Kind::xml_document:
      return "System.Xml.XmlDocument";
    case Kind::script_block:
      return "System.Management.Automation.ScriptBlock";
    case Kind::secure_string:
      return "System.Security.SecureString";
    case Kind::null:
    case Kind::opaque:
    case Kind::object:
      break;
  }
  return {};
}

}  // namespace sfb::format
