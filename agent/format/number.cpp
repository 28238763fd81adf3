#include "agent/format/number.hpp"

#include "agent/base/ascii.hpp"
#include "agent/format/style.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <system_error>

namespace sfb::format {

namespace {

// PowerShell asks for so many significant digits in all editions.
constexpr int kSingleDigits = 7;
constexpr int kDoubleDigits = 15;
// Numbers of .NET itself show an exponent behind so many digits.
constexpr int kSingleRoundTrip = 9;
constexpr int kDoubleRoundTrip = 17;
// Culture en-US shows so many decimals.
constexpr std::size_t kDecimals = 3;

// Float is the type whose rounding the server's text has: a single read as a double is another one.
template <typename Float, typename Print>
std::string printed(const std::string& wire, Print print) {
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

std::string general_text(double number, int digits, int fixed_digits, const Style& style) {
  return style.negative_zero && number == 0 && std::signbit(number)
             ? "-0"
             : general_number(number, digits, fixed_digits);
}

// The significant digits of the shortest text that means this number and no other one.
template <typename Float>
int shortest_digits(Float number) {
  std::array<char, 32> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::scientific);
  const std::string_view all(text.data(), end.ptr);
  return static_cast<int>(std::ranges::count_if(all.substr(0, all.find('e')), is_digit));
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

}  // namespace

std::string general_number(double number, int digits, int fixed_digits) {
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
  if (exponent < -4 || exponent >= (fixed_digits == 0 ? digits : fixed_digits)) {
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

std::string number_text(const Value& value, const Style& style) {
  if (value.kind == Kind::single) {
    return printed<float>(
        value.text, [&](float number) { return general_text(number, kSingleDigits, 0, style); });
  }
  return printed<double>(
      value.text, [&](double number) { return general_text(number, kDoubleDigits, 0, style); });
}

std::optional<std::string> round_trip_text(const Value& value, const Style& style) {
  switch (value.kind) {
    case Kind::single:
      return printed<float>(value.text, [&](float number) {
        return general_text(number, shortest_digits(number), kSingleRoundTrip, style);
      });
    case Kind::double_float:
      return printed<double>(value.text, [&](double number) {
        return general_text(number, shortest_digits(number), kDoubleRoundTrip, style);
      });
    default:
      return std::nullopt;
  }
}

std::optional<std::string> fixed_text(const Value& value) {
  switch (value.kind) {
    case Kind::single:
      return printed<float>(value.text, fixed_number);
    case Kind::double_float:
      return printed<double>(value.text, fixed_number);
    case Kind::decimal:
      return fixed_decimal(value.text);
    default:
      return std::nullopt;
  }
}

}  // namespace sfb::format
