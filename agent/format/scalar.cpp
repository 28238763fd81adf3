#include "agent/format/scalar.hpp"

#include "agent/format/style.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace sfb::format {

namespace {

// PowerShell asks for so many significant digits in all editions.
constexpr int kSingleDigits = 7;
constexpr int kDoubleDigits = 15;
// Culture en-US shows so many decimals.
constexpr std::size_t kDecimals = 3;

// Float is the type whose rounding the server's text has: a single read as a double is another one.
template <typename Float, typename Print>
std::string number_text(const std::string& wire, Print print) {
  if (wire == "INF") {
    return "∞";
  }
  if (wire == "-INF") {
    return "-∞";
  }
  Float number = 0;
  const char* const end = wire.data() + wire.size();
  const char* const start = wire.data() + (wire.starts_with('+') ? 1 : 0);
  const auto [at, error] = std::from_chars(start, end, number);
  if (error != std::errc{} || at != end || !std::isfinite(number)) {
    return wire;  // NaN is written alike on the wire and on the screen
  }
  return print(number);
}

std::string general_text(double number, int digits, const Style& style) {
  return style.negative_zero && number == 0 && std::signbit(number)
             ? "-0"
             : general_number(number, digits);
}

// Exact, half to the even digit, as .NET prints a double since Core 3.0.
std::string fixed_number(double number) {
  return fmt::format("{:.{}f}", number, kDecimals);
}

// A decimal with that many places: half away from zero, and nothing is never negative.
std::string fixed_decimal(const std::string& wire) {
  const bool negative = wire.starts_with('-');
  const std::string_view text = std::string_view(wire).substr(negative ? 1 : 0);
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  const std::string_view places = text.substr(std::min(point + 1, text.size()));
  digits.append(places.substr(0, kDecimals));
  digits.append(kDecimals - std::min(places.size(), kDecimals), '0');
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (point == 0 || !std::ranges::all_of(digits, is_digit) ||
      !std::ranges::all_of(places, is_digit)) {
    return wire;
  }
  if (places.size() > kDecimals && places[kDecimals] >= '5') {
    std::size_t last = digits.size();
    while (last > 0 && digits[last - 1] == '9') {
      digits[--last] = '0';
    }
    if (last == 0) {
      digits.insert(0, 1, '1');
    } else {
      ++digits[last - 1];
    }
  }
  const bool nothing = digits.find_first_not_of('0') == std::string::npos;
  digits.insert(digits.size() - kDecimals, 1, '.');
  return negative && !nothing ? "-" + digits : digits;
}

// Reads `count` digits at the front of `text`.
bool take_digits(std::string_view& text, std::size_t count, int& number) {
  if (text.size() < count) {
    return false;
  }
  number = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') {
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
      for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; ++digits) {
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

std::string general_number(double number, int digits) {
  if (number == 0) {
    return "0";  // also for -0, as .NET Framework prints it
  }
  // d.ddd...e+xx: the digits and the exponent of the rounded number.
  const std::string scientific = fmt::format("{:.{}e}", std::abs(number), digits - 1);
  const std::size_t mark = scientific.find('e');
  std::string mantissa = scientific.substr(0, mark);
  std::erase(mantissa, '.');
  mantissa.erase(mantissa.find_last_not_of('0') + 1);
  const bool small = scientific[mark + 1] == '-';
  int exponent = 0;
  std::from_chars(scientific.data() + mark + 2, scientific.data() + scientific.size(), exponent);
  exponent = small ? -exponent : exponent;
  const auto count = static_cast<int>(mantissa.size());
  const std::string_view sign = number < 0 ? "-" : "";
  if (exponent < -4 || exponent >= digits) {
    const std::string_view all = mantissa;
    return fmt::format("{}{}{}{}E{}{:02}", sign, all.substr(0, 1), count > 1 ? "." : "",
                       all.substr(1), exponent < 0 ? '-' : '+', std::abs(exponent));
  }
  if (exponent < 0) {
    return fmt::format("{}0.{:0>{}}", sign, mantissa, count - exponent - 1);
  }
  if (count <= exponent + 1) {
    return fmt::format("{}{:0<{}}", sign, mantissa, exponent + 1);
  }
  const auto point = static_cast<std::size_t>(exponent) + 1;
  return fmt::format("{}{}.{}", sign, mantissa.substr(0, point), mantissa.substr(point));
}

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
      return number_text<float>(
          value.text, [&](float number) { return general_text(number, kSingleDigits, style); });
    case Kind::double_float:
      return number_text<double>(
          value.text, [&](double number) { return general_text(number, kDoubleDigits, style); });
    case Kind::xml_document:
      return "#document";
    case Kind::secure_string:
      return "System.Security.SecureString";
    default:
      return value.text;
  }
}

std::optional<std::string> fixed_text(const Value& value) {
  switch (value.kind) {
    case Kind::single:
      return number_text<float>(value.text, fixed_number);
    case Kind::double_float:
      return number_text<double>(value.text, fixed_number);
    case Kind::decimal:
      return fixed_decimal(value.text);
    default:
      return std::nullopt;
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
