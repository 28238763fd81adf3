#include "agent/format/scalar.hpp"

#include "agent/base/ascii.hpp"
#include "agent/format/number.hpp"
#include "agent/value/time_span.hpp"

#include <fmt/format.h>

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
    case Kind::time_span: {
      const auto ticks = duration_ticks(value.text);
      return ticks ? time_span_text(*ticks) : value.text;
    }
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
