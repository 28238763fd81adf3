// Lines of what is saved, written and read.
#include "agent/base/saved_text.hpp"

#include <charconv>
#include <system_error>
#include <utility>

namespace sfb {

namespace {

// Of 9999-12-31T23:59:59: a later one would not fit where times are shown.
constexpr std::int64_t kLastMicros = 253'402'300'799'000'000;

void append_field(std::string& out, std::string_view field) {
  for (const char c : field) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      default:
        out += c;
    }
  }
}

std::optional<char> unescaped(char c) {
  switch (c) {
    case '\\':
      return '\\';
    case 't':
      return '\t';
    case 'n':
      return '\n';
    default:
      return std::nullopt;
  }
}

template <typename T>
std::optional<T> whole_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                  : std::nullopt;
}

}  // namespace

void append_saved_line(std::string& out, std::initializer_list<std::string_view> fields) {
  bool first = true;
  for (const std::string_view field : fields) {
    out += std::exchange(first, false) ? "" : "\t";
    append_field(out, field);
  }
  out += '\n';
}

std::string saved_time(std::optional<WallTime> time) {
  return time ? std::to_string(time->time_since_epoch().count()) : std::string();
}

std::optional<std::int64_t> SavedLine::number(std::size_t field) const {
  return whole_number<std::int64_t>(text(field));
}

std::optional<std::uint64_t> SavedLine::count(std::size_t field) const {
  return whole_number<std::uint64_t>(text(field));
}

std::optional<WallTime> SavedLine::time(std::size_t field) const {
  const auto micros = number(field);
  return micros && *micros >= 0 && *micros <= kLastMicros ? std::optional(WallTime(Micros(*micros)))
                                                          : std::nullopt;
}

std::optional<std::vector<SavedLine>> read_saved_lines(std::string_view text,
                                                       const SavedCaps& caps) {
  if (text.size() > caps.bytes || (!text.empty() && !text.ends_with('\n'))) {
    return std::nullopt;
  }
  std::vector<SavedLine> lines;
  std::vector<std::string> fields(1);
  for (std::size_t pos = 0; pos < text.size(); ++pos) {
    const char c = text[pos];
    if (c == '\n') {
      if (lines.size() >= caps.lines) {
        return std::nullopt;
      }
      lines.emplace_back(std::exchange(fields, std::vector<std::string>(1)));
    } else if (c == '\t') {
      if (fields.size() >= caps.fields) {
        return std::nullopt;
      }
      fields.emplace_back();
    } else if (c == '\\') {
      const auto plain = pos + 1 < text.size() ? unescaped(text[pos + 1]) : std::nullopt;
      if (!plain) {
        return std::nullopt;
      }
      fields.back() += *plain;
      ++pos;
    } else {
      fields.back() += c;
    }
  }
  return lines;
}

}  // namespace sfb
