// The line that errors point into: rebuilt from tokens, and shown with the squiggle.
#include "agent/binding/line.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace sfb::binding {

namespace {

using Kind = Token::Kind;

// Windows PowerShell shows this much of a line, wherever the error is.
constexpr std::size_t kShown = 69;
constexpr std::size_t kBefore = 12;  // kept before the error, more if there is room
constexpr std::size_t kBehind = 8;   // kept behind it

// The four characters PowerShell takes for a single quote.
bool is_single_quote(char32_t c) {
  return c == '\'' || (c >= 0x2018 && c <= 0x201B);
}

bool is_safe_bare(char c) {
  return is_name_character(c) || c == '/' || c == '\\' || c == ':' || c == '*';
}

// Bare words that begin like a number might be read as one.
bool needs_quotes(std::string_view text) {
  return text.empty() || !std::ranges::all_of(text, is_safe_bare) || text.front() == '-' ||
         text.front() == '.' || is_digit(text.front());
}

std::string quoted(std::string_view text) {
  if (!needs_quotes(text)) {
    return std::string(text);
  }
  std::string out = "'";
  for (std::size_t pos = 0; pos < text.size();) {
    const char32_t c = next_code_point(text, pos);
    append_utf8(out, c);
    if (is_single_quote(c)) {
      append_utf8(out, c);
    }
  }
  return out + '\'';
}

std::string list_text(std::string_view items) {
  std::string out;
  for (const std::string_view item : split(items, ',')) {
    out += (out.empty() ? "" : ",") + quoted(item);
  }
  return out;
}

std::string token_text(const Token& token) {
  switch (token.kind) {
    case Kind::parameter:
      return '-' + visible(token.text) + (token.with_colon ? ":" : "");
    case Kind::literal:
      return quoted(visible(token.text));
    case Kind::number:
      return token.text;
    case Kind::boolean:
      return token.text == "true" ? "$true" : "$false";
    case Kind::null:
      return "$null";
    case Kind::list:
      return list_text(visible(token.text));
    case Kind::end_of_parameters:
      return "--";
  }
  return {};
}

// A piece of a line with an error in it, in UTF-16 units.
struct Excerpt {
  std::u16string text;
  std::size_t offset = 0;
  std::size_t length = 0;
  bool cut_before = false;
  bool cut_behind = false;
};

Excerpt cut(Excerpt whole) {
  if (whole.text.size() <= kShown) {
    return whole;
  }
  const std::size_t behind = whole.text.size() - whole.offset - whole.length;
  std::size_t before = std::min(whole.offset, kBefore);
  std::size_t after = std::min(behind, kBehind);
  Excerpt shown;
  shown.length = whole.length;
  if (before + whole.length + after >= kShown) {
    shown.length = std::min(whole.length, kShown - before);
    shown.cut_behind = true;  // also when exactly all of it fits: so does the original
  } else {
    // What room is left goes to the front first.
    before += std::min(whole.offset - before, kShown - before - whole.length - after);
    after += std::min(behind, kShown - before - whole.length - after);
    shown.cut_behind = after < behind;
  }
  shown.cut_before = before < whole.offset;
  shown.offset = before;
  shown.text = whole.text.substr(whole.offset - before, kShown);
  return shown;
}

// Tabs count as four columns; the error's place moves with them.
Excerpt expand_tabs(const Excerpt& excerpt) {
  Excerpt out;
  for (std::size_t i = 0; i < excerpt.text.size(); ++i) {
    const bool tab = excerpt.text[i] == u'\t';
    out.text.append(tab ? 4 : 1, tab ? u' ' : excerpt.text[i]);
    const std::size_t columns = tab ? 4 : 1;
    if (i < excerpt.offset) {
      out.offset += columns;
    } else if (i < excerpt.offset + excerpt.length) {
      out.length += columns;
    }
  }
  return out;
}

}  // namespace

std::string canonical_line(const Cmdlet& cmdlet, std::vector<Token>& tokens) {
  std::string line = cmdlet.name;
  std::size_t units = to_utf16(line).size();
  bool after_colon = false;
  for (Token& token : tokens) {
    if (!after_colon) {
      line += ' ';
      ++units;
    }
    const std::string text = token_text(token);
    token.offset = units;
    token.length = to_utf16(text).size();
    line += text;
    units += token.length;
    after_colon = token.kind == Kind::parameter && token.with_colon;
  }
  return line;
}

std::string position_message(std::string_view line, std::size_t offset, std::size_t length,
                             std::string_view ellipsis) {
  const std::u16string script = to_utf16(line);
  offset = std::min(offset, script.size());
  length = std::min(length, script.size() - offset);

  // A quoted value may hold line breaks: the line in which the error starts is shown.
  const auto number =
      1 + std::ranges::count(script.begin(), script.begin() + static_cast<std::ptrdiff_t>(offset),
                             u'\n');
  const std::size_t line_break =
      offset == 0 ? std::u16string::npos : script.rfind(u'\n', offset - 1);
  const std::size_t start = line_break == std::u16string::npos ? 0 : line_break + 1;
  const std::size_t column = offset - start;
  std::u16string text = script.substr(start, script.find(u'\n', offset) - start);
  text.erase(text.find_last_not_of(u" \t\r") + 1);
  std::string message = fmt::format("At line:{} char:{}", number, column + 1);
  if (text.empty()) {
    return message;
  }

  const std::size_t place = std::min(column, text.size());
  const Excerpt shown = cut(expand_tabs(
      {.text = text, .offset = place, .length = std::min(length, text.size() - place)}));
  const std::string before = shown.cut_before ? fmt::format("{} ", ellipsis) : "";
  message += fmt::format("\n+ {}{}{}\n+ ", before, from_utf16(shown.text),
                         shown.cut_behind ? fmt::format(" {}", ellipsis) : "");
  message.append(shown.offset + to_utf16(before).size(), ' ');
  message.append(std::max<std::size_t>(shown.length, 1), '~');  // the end of the line has no width
  return message;
}

std::string position_message(std::string_view line, const BindError& error,
                             std::string_view ellipsis) {
  return error.offset ? position_message(line, *error.offset, error.length, ellipsis)
                      : position_message(line, 0, to_utf16(line).size(), ellipsis);
}

}  // namespace sfb::binding
