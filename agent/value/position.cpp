#include "agent/value/position.hpp"

#include "agent/base/text.hpp"

#include <algorithm>

namespace sfb {

namespace {

// Leaves room for `+ `, both ellipses and the last column on a screen of 80.
constexpr std::size_t kLongestLine = 69;
// Of what stands before the error, this much is kept at least.
constexpr std::size_t kPrefix = 12;

std::u16string with_blanks_for_tabs(std::u16string_view text) {
  std::u16string out;
  for (const char16_t unit : text) {
    if (unit == u'\t') {
      out += u"    ";
    } else {
      out += unit;
    }
  }
  return out;
}

}  // namespace

std::string position_message(const ScriptPlace& place, const PositionStyle& style) {
  const std::u16string whole = to_utf16(place.text);
  std::u16string_view line = whole;
  // Blanks at the end are not shown, but Windows PowerShell's tildes still count them.
  line = line.substr(0, line.find_last_not_of(u" \t\r\n\v\f") + 1);
  const auto start = static_cast<std::size_t>(
      std::clamp<std::int64_t>(place.column - 1, 0, static_cast<std::int64_t>(line.size())));
  std::string out = "At ";
  out += place.file.empty() ? "line" : place.file;
  out += ":" + std::to_string(place.line) + " char:" + std::to_string(place.column) + "\n+ ";
  if (line.empty()) {
    return out;
  }
  const std::u16string before = with_blanks_for_tabs(line.substr(0, start));
  const bool tabs = line.contains(u'\t');
  std::u16string shown = before + with_blanks_for_tabs(line.substr(start));
  std::size_t blanks = before.size();
  const bool shown_only = tabs || !style.mark_blanks;
  std::size_t length = shown_only ? shown.size() - blanks : whole.size() - start;
  std::u16string head_mark;
  if (shown.size() > kLongestLine) {
    const std::size_t kept = std::min(blanks, kPrefix);
    const bool cut_tail = kept + length >= kLongestLine;
    // A short error far to the right shows as much of what precedes it as the line holds.
    const std::size_t prefix = cut_tail ? kept : std::min(blanks, kLongestLine - length);
    head_mark = prefix < blanks ? std::u16string(style.ellipsis) + u' ' : u"";
    shown = shown.substr(blanks - prefix, kLongestLine);
    shown += cut_tail ? u' ' + std::u16string(style.ellipsis) : u"";
    blanks = prefix;
    length = std::min(length, kLongestLine - prefix);
  }
  out += from_utf16(head_mark + shown) + "\n+ ";
  out += std::string(blanks + head_mark.size(), ' ');
  out += std::string(std::max<std::size_t>(length, 1), '~');
  return out;
}

}  // namespace sfb
