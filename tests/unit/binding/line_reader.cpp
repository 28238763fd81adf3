// See line_reader.hpp.
#include "tests/unit/binding/line_reader.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace sfb::binding {

namespace {

using Kind = Token::Kind;

bool is_blank(char16_t c) {
  return c == u' ' || c == u'\t' || c == u'\n' || c == u'\r';
}

bool is_dash(char16_t c) {
  return c == u'-' || (c >= 0x2013 && c <= 0x2015);
}

bool is_single_quote(char16_t c) {
  return c == u'\'' || (c >= 0x2018 && c <= 0x201B);
}

bool is_double_quote(char16_t c) {
  return c == u'"' || (c >= 0x201C && c <= 0x201E);
}

// A sign makes it text.
bool is_number(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto point = std::ranges::find_if_not(text, digit);
  const bool fraction = point != text.end() && *point == '.' && text.end() - point > 1;
  return !text.empty() && digit(text.front()) &&
         (point == text.end() || (fraction && std::all_of(point + 1, text.end(), digit)));
}

class Reader {
 public:
  Reader(const Cmdlet& cmdlet, std::string_view line) : cmdlet_(cmdlet), line_(to_utf16(line)) {}

  std::expected<std::vector<Token>, LineError> run() {
    skip_blanks();
    const std::size_t start = pos_;
    const std::string name = bare_word();
    if (!iequals(name, cmdlet_.name)) {
      return std::unexpected(unknown_command(name, start));
    }
    for (skip_blanks(); pos_ < line_.size(); skip_blanks()) {
      std::optional<Token> token = next();
      if (!token) {
        return std::unexpected(unclosed_quote());
      }
      tokens_.push_back(*std::move(token));
    }
    return std::move(tokens_);
  }

 private:
  char16_t peek(std::size_t ahead = 0) const {
    return pos_ + ahead < line_.size() ? line_[pos_ + ahead] : u'\0';
  }

  void skip_blanks() {
    while (pos_ < line_.size() && is_blank(line_[pos_])) {
      ++pos_;
    }
  }

  std::string bare_word() {
    const std::size_t start = pos_;
    while (pos_ < line_.size() && !is_blank(line_[pos_]) && line_[pos_] != u',') {
      ++pos_;
    }
    return from_utf16(std::u16string_view(line_).substr(start, pos_ - start));
  }

  std::optional<Token> next() {
    const std::size_t start = pos_;
    Token token;
    if (is_dash(peek())) {
      if (is_dash(peek(1)) && (pos_ + 2 == line_.size() || is_blank(peek(2)))) {
        pos_ += 2;
        after_dashes_ = true;
        token.kind = Kind::end_of_parameters;
        return placed(token, start);
      }
      const char16_t first = peek(1);
      if ((first >= u'a' && first <= u'z') || (first >= u'A' && first <= u'Z') || first == u'_') {
        return placed(after_dashes_ ? as_written(parameter(), start) : parameter(), start);
      }
    }
    std::string joined;
    for (bool more = true; more;) {
      std::optional<Token> item = value();
      if (!item) {
        return std::nullopt;
      }
      joined += item->text;
      token = token.kind == Kind::list ? token : *item;
      skip_blanks_before_comma();
      more = peek() == u',' && pos_ < line_.size();
      if (more) {
        ++pos_;
        skip_blanks();
        joined += ',';
        token.kind = Kind::list;
      }
    }
    if (token.kind == Kind::list) {
      token.text = joined;
    }
    return placed(token, start);
  }

  void skip_blanks_before_comma() {
    const std::size_t here = pos_;
    skip_blanks();
    if (peek() != u',') {
      pos_ = here;
    }
  }

  Token parameter() {
    ++pos_;
    const std::size_t start = pos_;
    while (pos_ < line_.size() && !is_blank(line_[pos_]) && line_[pos_] != u':') {
      ++pos_;
    }
    Token token;
    token.kind = Kind::parameter;
    token.text = from_utf16(std::u16string_view(line_).substr(start, pos_ - start));
    if (peek() == u':') {
      ++pos_;
      token.with_colon = true;
    }
    return token;
  }

  // Behind `--` a name is a value, its dash and colon too.
  Token as_written(Token token, std::size_t start) const {
    token.kind = Kind::literal;
    token.text = from_utf16(std::u16string_view(line_).substr(start, pos_ - start));
    token.with_colon = false;
    return token;
  }

  // A quoted or bare value; nullopt: the quote does not end.
  std::optional<Token> value() {
    Token token;
    if (is_single_quote(peek())) {
      return quoted(is_single_quote) ? std::optional(literal()) : std::nullopt;
    }
    if (is_double_quote(peek())) {
      quote_ = '"';
      return quoted(is_double_quote) ? std::optional(literal()) : std::nullopt;
    }
    token.text = bare_word();
    if (iequals(token.text, "$true") || iequals(token.text, "$false")) {
      token.kind = Kind::boolean;
      token.text = to_lower(token.text).substr(1);
    } else if (iequals(token.text, "$null")) {
      token.kind = Kind::null;
      token.text.clear();
    } else if (is_number(token.text)) {
      token.kind = Kind::number;
    }
    return token;
  }

  Token literal() const {
    Token token;
    token.text = from_utf16(text_);
    return token;
  }

  bool quoted(bool (*is_quote)(char16_t)) {
    text_.clear();
    for (++pos_; pos_ < line_.size(); ++pos_) {
      if (is_quote(line_[pos_])) {
        if (!is_quote(peek(1))) {
          ++pos_;
          return true;
        }
        ++pos_;  // a doubled quote is one
      }
      text_ += line_[pos_];
    }
    return false;
  }

  Token placed(Token token, std::size_t start) const {
    token.offset = start;
    token.length = pos_ - start;
    return token;
  }

  static LineError unknown_command(const std::string& name, std::size_t start) {
    LineError result;
    result.error.message = fmt::format(
        "The term '{}' is not recognized as the name of a cmdlet, function, script file, or "
        "operable program. Check the spelling of the name, or if a path was included, verify that "
        "the path is correct and try again.",
        name);
    result.error.error_id = "CommandNotFoundException";
    result.error.category = "ObjectNotFound";
    result.error.category_message =
        fmt::format("ObjectNotFound: ({}:String) [], CommandNotFoundException", name);
    result.error.exception_type = "System.Management.Automation.CommandNotFoundException";
    result.error.offset = start;
    result.error.length = to_utf16(name).size();
    result.invocation_name = name;
    result.has_position = true;
    return result;
  }

  LineError unclosed_quote() const {
    LineError result;
    result.error.message = fmt::format("The string is missing the terminator: {}.", quote_);
    result.error.error_id = "TerminatorExpectedAtEndOfString";
    result.error.category = "ParserError";
    result.error.category_message = "ParserError: (:) [], ParentContainsErrorRecordException";
    result.error.exception_type = "System.Management.Automation.ParentContainsErrorRecordException";
    return result;
  }

  const Cmdlet& cmdlet_;
  const std::u16string line_;
  std::size_t pos_ = 0;
  bool after_dashes_ = false;
  char quote_ = '\'';
  std::u16string text_;
  std::vector<Token> tokens_;
};

}  // namespace

std::expected<std::vector<Token>, LineError> read_line(const Cmdlet& cmdlet,
                                                       std::string_view line) {
  return Reader(cmdlet, line).run();
}

}  // namespace sfb::binding
