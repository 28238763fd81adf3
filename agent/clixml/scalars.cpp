#include "agent/clixml/scalars.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"
#include "agent/base/time.hpp"
#include "agent/clixml/escape.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <string>

namespace sfb::clixml {

namespace {

// Moves behind the digits at `pos` and says how many there were.
std::size_t skip_digits(std::string_view text, std::size_t& pos) {
  const std::size_t start = pos;
  while (pos < text.size() && is_digit(text[pos])) {
    ++pos;
  }
  return pos - start;
}

bool take(std::string_view text, std::size_t& pos, char c) {
  const bool there = pos < text.size() && text[pos] == c;
  pos += there ? 1 : 0;
  return there;
}

template <typename Number>
bool is_integer(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && at == end && !text.empty();
}

// Sign, digits, fraction and, where allowed, an exponent.
bool is_number(std::string_view text, bool exponent) {
  std::size_t pos = 0;
  take(text, pos, '-');
  std::size_t digits = skip_digits(text, pos);
  if (take(text, pos, '.')) {
    digits += skip_digits(text, pos);
  }
  if (digits == 0) {
    return false;
  }
  if (exponent && (take(text, pos, 'E') || take(text, pos, 'e'))) {
    if (!take(text, pos, '+')) {
      take(text, pos, '-');
    }
    if (skip_digits(text, pos) == 0) {
      return false;
    }
  }
  return pos == text.size();
}

bool is_float(std::string_view text) {
  return text == "INF" || text == "-INF" || text == "NaN" || is_number(text, true);
}

// Numbers with their units, in the given order, each at most once.
std::size_t take_parts(std::string_view text, std::size_t& pos, std::string_view units) {
  std::size_t parts = 0;
  for (const char unit : units) {
    std::size_t at = pos;
    std::size_t digits = skip_digits(text, at);
    if (unit == 'S' && digits != 0 && take(text, at, '.')) {
      digits = skip_digits(text, at);
    }
    if (digits != 0 && take(text, at, unit)) {
      pos = at;
      ++parts;
    }
  }
  return parts;
}

bool is_duration(std::string_view text) {
  std::size_t pos = 0;
  take(text, pos, '-');
  if (!take(text, pos, 'P')) {
    return false;
  }
  std::size_t parts = take_parts(text, pos, "YMD");
  if (take(text, pos, 'T')) {
    const std::size_t of_day = take_parts(text, pos, "HMS");
    parts = of_day == 0 ? 0 : parts + of_day;
  }
  return parts != 0 && pos == text.size();
}

bool is_base64(std::string_view text) {
  const auto padding = text.size() - std::min(text.find('='), text.size());
  const auto body = text.substr(0, text.size() - padding);
  return text.size() % 4 == 0 && padding <= 2 &&
         text.find_first_not_of('=', body.size()) == std::string_view::npos &&
         std::ranges::all_of(body,
                             [](char c) { return is_letter_or_digit(c) || c == '+' || c == '/'; });
}

bool is_guid(std::string_view text) {
  if (text.size() == 38 && ((text.front() == '{' && text.back() == '}') ||
                            (text.front() == '(' && text.back() == ')'))) {
    text = text.substr(1, 36);
  }
  if (text.size() == 32) {
    return std::ranges::all_of(text, is_hex);
  }
  if (text.size() != 36) {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) {
      return false;
    }
  }
  return true;
}

bool is_version(std::string_view text) {
  const auto parts = split(text, '.');
  return parts.size() <= 4 && std::ranges::all_of(parts, is_integer<std::int32_t>) &&
         !text.contains('-');
}

bool is_of_kind(Kind kind, std::string_view text) {
  switch (kind) {
    case Kind::null:
      return text.empty();
    case Kind::date_time:
      return parse_iso8601(text).has_value();
    case Kind::time_span:
      return is_duration(text);
    case Kind::uint8:
      return is_integer<std::uint8_t>(text);
    case Kind::int8:
      return is_integer<std::int8_t>(text);
    case Kind::character:
    case Kind::uint16:
      return is_integer<std::uint16_t>(text);
    case Kind::int16:
      return is_integer<std::int16_t>(text);
    case Kind::uint32:
      return is_integer<std::uint32_t>(text);
    case Kind::int32:
      return is_integer<std::int32_t>(text);
    case Kind::uint64:
      return is_integer<std::uint64_t>(text);
    case Kind::int64:
      return is_integer<std::int64_t>(text);
    case Kind::single:
    case Kind::double_float:
      return is_float(text);
    case Kind::decimal:
      return is_number(text, false);
    case Kind::bytes:
      return is_base64(text);
    case Kind::guid:
      return is_guid(text);
    case Kind::version:
      return is_version(text);
    default:
      return true;
  }
}

Value read_text(Kind kind, std::string_view text) {
  bool lossy = false;
  Value value = Value::make(kind, unescape(text, &lossy));
  if (lossy) {
    value.wire = text;
  }
  return value;
}

Value read_character(std::string_view text) {
  std::uint16_t unit = 0;
  std::from_chars(text.data(), text.data() + text.size(), unit);
  Value value = Value::make(Kind::character, {});
  append_utf8(value.text, unit);
  if (unit >= 0xD800 && unit <= 0xDFFF) {
    value.wire = text;
  }
  return value;
}

std::optional<Value> read_boolean(std::string_view text) {
  if (text == "1" || iequals(text, "true")) {
    return Value::boolean(true);
  }
  if (text == "0" || iequals(text, "false")) {
    return Value::boolean(false);
  }
  return std::nullopt;
}

// Base64 may be broken into lines.
std::string without_blanks(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::ranges::copy_if(text, std::back_inserter(out),
                       [](char c) { return c != ' ' && c != '\t' && c != '\r' && c != '\n'; });
  return out;
}

}  // namespace

bool is_text(Kind kind) {
  return kind == Kind::string || kind == Kind::uri || kind == Kind::xml_document ||
         kind == Kind::script_block;
}

std::optional<Value> read_scalar(Kind kind, std::string_view text) {
  if (is_text(kind)) {
    return read_text(kind, text);
  }
  if (kind == Kind::bytes || kind == Kind::secure_string) {
    const std::string base64 = without_blanks(text);
    return is_of_kind(kind, base64) ? std::optional(Value::make(kind, base64)) : std::nullopt;
  }
  std::string_view trimmed = trim(text);
  if (kind == Kind::boolean) {
    return read_boolean(trimmed);
  }
  if (trimmed.size() > 1 && trimmed.front() == '+' && (is_digit(trimmed[1]) || trimmed[1] == '.')) {
    trimmed.remove_prefix(1);
  }
  if (!is_of_kind(kind, trimmed)) {
    return std::nullopt;
  }
  return kind == Kind::character ? read_character(trimmed)
                                 : Value::make(kind, std::string(trimmed));
}

std::string write_scalar(const Value& value) {
  if (!value.wire.empty()) {
    return value.wire;
  }
  if (value.kind == Kind::character) {
    const std::u16string units = to_utf16(value.text);
    return std::to_string(units.empty() ? 0U : static_cast<unsigned>(units.front()));
  }
  return value.text;
}

}  // namespace sfb::clixml
