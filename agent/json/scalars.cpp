// See scalars.hpp. What .NET's TimeSpan and Version have as properties, and how numbers print.
#include "agent/json/scalars.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"
#include "agent/json/strings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace sfb::json {

namespace {

constexpr std::int64_t kMicrosecond = 10;  // in ticks
constexpr std::int64_t kMillisecond = 1'000 * kMicrosecond;
constexpr std::int64_t kSecond = 1'000 * kMillisecond;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

std::size_t digits_at(std::string_view text, std::size_t pos) {
  std::size_t count = 0;
  while (pos + count < text.size() && is_digit(text[pos + count])) {
    ++count;
  }
  return count;
}

// [sign] digits [. digits] [e [sign] digits], as .NET writes numbers.
bool is_number(std::string_view text, bool fraction) {
  std::size_t pos = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  const std::size_t whole = digits_at(text, pos);
  pos += whole;
  if (fraction && pos < text.size() && text[pos] == '.') {
    const std::size_t digits = digits_at(text, pos + 1);
    if (digits == 0) {
      return false;
    }
    pos += 1 + digits;
  }
  if (fraction && pos < text.size() && (text[pos] == 'e' || text[pos] == 'E')) {
    pos += 1;
    pos += pos < text.size() && (text[pos] == '-' || text[pos] == '+') ? 1 : 0;
    const std::size_t digits = digits_at(text, pos);
    if (digits == 0) {
      return false;
    }
    pos += digits;
  }
  return whole > 0 && pos == text.size();
}

// What JSON allows: no plus, no needless zeros in front.
std::string json_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  text.remove_prefix(negative || text.starts_with('+') ? 1 : 0);
  while (text.size() > 1 && text[0] == '0' && is_digit(text[1])) {
    text.remove_prefix(1);
  }
  return (negative ? "-" : "") + std::string(text);
}

/// A number as decimal digits without trailing zeros, the point behind the first.
struct Digits {
  std::string digits;  ///< empty: infinite or no number
  int exponent = 0;
  int most = 15;  ///< from this exponent on .NET writes one
};

Digits digits_of(double value, Edition edition) {
  if (!std::isfinite(value)) {
    return {};
  }
  const double size = std::abs(value);
  Digits number;
  std::array<char, 32> buffer{};  // holds every double
  char* const begin = buffer.data();
  char* const limit = begin + buffer.size();
  char* end = begin;
  if (edition == Edition::powershell_7) {
    end = std::to_chars(begin, limit, size, std::chars_format::scientific).ptr;
  } else {
    end = std::to_chars(begin, limit, size, std::chars_format::scientific, 14).ptr;
    double back = 0;
    std::from_chars(begin, end, back);
    if (back != size) {
      end = std::to_chars(begin, limit, size, std::chars_format::scientific, 16).ptr;
      number.most = 17;
    }
  }
  const std::string_view text(begin, static_cast<std::size_t>(end - begin));
  const auto e = text.find('e');
  std::from_chars(begin + e + (text[e + 1] == '+' ? 2 : 1), end, number.exponent);
  number.digits = text.substr(0, 1);
  if (e > 2) {
    number.digits += text.substr(2, e - 2);
  }
  number.digits.erase(std::max<std::size_t>(number.digits.find_last_not_of('0') + 1, 1));
  return number;
}

}  // namespace

Members time_span_members(std::int64_t ticks, Edition edition) {
  const bool framework = edition == Edition::windows_powershell_51;
  const auto whole = [](std::int64_t value) { return std::to_string(value); };
  // The framework multiplies by the unit's reciprocal, which now and then is another number.
  const auto in_units = [&](std::int64_t unit) {
    const auto size = static_cast<double>(unit);
    return framework ? static_cast<double>(ticks) * (1.0 / size)
                     : static_cast<double>(ticks) / size;
  };
  const auto total = [&](std::int64_t unit) { return double_text(in_units(unit), edition); };
  // .NET keeps TotalMilliseconds inside what a TimeSpan can be made of.
  constexpr std::int64_t kMostWhole = std::numeric_limits<std::int64_t>::max() / kMillisecond;
  constexpr auto kMostMilliseconds = static_cast<double>(kMostWhole);
  const double milliseconds =
      std::clamp(in_units(kMillisecond), -kMostMilliseconds, kMostMilliseconds);
  Members members = {{"Ticks", whole(ticks)},
                     {"Days", whole(ticks / kDay)},
                     {"Hours", whole(ticks / kHour % 24)},
                     {"Milliseconds", whole(ticks / kMillisecond % 1'000)},
                     {"Microseconds", whole(ticks / kMicrosecond % 1'000)},
                     {"Nanoseconds", whole(ticks % kMicrosecond * 100)},
                     {"Minutes", whole(ticks / kMinute % 60)},
                     {"Seconds", whole(ticks / kSecond % 60)},
                     {"TotalDays", total(kDay)},
                     {"TotalHours", total(kHour)},
                     {"TotalMilliseconds", double_text(milliseconds, edition)},
                     {"TotalMicroseconds", total(kMicrosecond)},
                     {"TotalNanoseconds", double_text(static_cast<double>(ticks) * 100.0)},
                     {"TotalMinutes", total(kMinute)},
                     {"TotalSeconds", total(kSecond)}};
  if (framework) {
    std::erase_if(members, [](const auto& member) {
      return member.first.ends_with("icroseconds") || member.first.ends_with("anoseconds");
    });
  }
  return members;
}

Members version_members(std::string_view text) {
  std::array<std::int32_t, 4> parts{-1, -1, -1, -1};  // -1: not given
  const auto given = split(trim(text), '.');
  if (given.size() < 2 || given.size() > parts.size()) {
    return {};
  }
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char* const end = given[i].data() + given[i].size();
    const auto [at, error] = std::from_chars(given[i].data(), end, parts[i]);
    if (error != std::errc{} || at != end || parts[i] < 0) {
      return {};
    }
  }
  const auto half = [&](unsigned shift) {
    return std::to_string(
        static_cast<std::int16_t>((static_cast<std::uint32_t>(parts[3]) >> shift) & 0xFFFFU));
  };
  return {{"Major", std::to_string(parts[0])}, {"Minor", std::to_string(parts[1])},
          {"Build", std::to_string(parts[2])}, {"Revision", std::to_string(parts[3])},
          {"MajorRevision", half(16)},         {"MinorRevision", half(0)}};
}

std::string double_text(double value, Edition edition) {
  const Digits number = digits_of(value, edition);
  if (number.digits.empty()) {
    return float_json(std::isnan(value) ? "NaN" : value < 0 ? "-INF" : "INF", edition);
  }
  const std::string& digits = number.digits;
  const auto places = static_cast<std::size_t>(std::abs(number.exponent));
  std::string out = std::signbit(value) ? "-" : "";
  if (number.exponent >= number.most || number.exponent <= -5) {
    out += digits.substr(0, 1);
    if (digits.size() > 1) {
      out += '.' + digits.substr(1);
    }
    return out + fmt::format("E{}{:02}", number.exponent < 0 ? '-' : '+', places);
  }
  if (number.exponent < 0) {
    return out + "0." + std::string(places - 1, '0') + digits;
  }
  if (digits.size() <= places + 1) {
    return float_json(out + digits + std::string(places + 1 - digits.size(), '0'), edition);
  }
  return out + digits.substr(0, places + 1) + '.' + digits.substr(places + 1);
}

std::string float_json(std::string_view text, Edition edition) {
  if (iequals(text, "INF") || iequals(text, "-INF")) {
    return text.front() == '-' ? "\"-Infinity\"" : "\"Infinity\"";
  }
  if (!is_number(text, true)) {
    return quoted(text, edition);
  }
  std::string out = json_number(text);
  if (edition == Edition::powershell_7 && out.find_first_of(".eE") == std::string::npos) {
    out += ".0";
  }
  return out;
}

std::string integer_json(std::string_view text, Edition edition) {
  return is_number(text, false) ? json_number(text) : quoted(text, edition);
}

std::vector<std::uint8_t> base64_bytes(std::string_view text) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<std::uint8_t> bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const auto digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) {
      continue;
    }
    bits = (bits << 6U) | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<std::uint8_t>((bits >> count) & 0xFFU));
    }
  }
  return bytes;
}

}  // namespace sfb::json
