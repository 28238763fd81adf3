#include "config/open_ends.hpp"

#include <algorithm>
#include <vector>

namespace sfb::config {

namespace {

constexpr std::string_view kBlanks = " \t\r";

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  OpenEnds run() {
    while (pos_ < text_.size() && !found_.unclosed) {
      step(text_[pos_]);
    }
    if (!found_.unclosed && !brackets_.empty()) {
      found_.unclosed = brackets_.back();
    }
    return found_;
  }

 private:
  void step(char c) {
    if (c == '\n') {
      value_begins_ = true;
      next();
    } else if (kBlanks.contains(c)) {
      next();
    } else if (c == '#' && (pos_ == line_start_ || kBlanks.contains(text_[pos_ - 1]))) {
      to_line_end();
    } else if (value_begins_) {
      begin_value(c);
    } else {
      go_on(c);
    }
  }

  // A character that may begin a value or a key.
  void begin_value(char c) {
    if (c == '\'' || c == '"') {
      skip_quoted(c);
      value_begins_ = false;
    } else if (c == '[' || c == '{') {
      brackets_.push_back(here());
      next();
    } else if ((c == '|' || c == '>') && brackets_.empty()) {
      skip_block();
    } else if (c == '!' || c == '&') {
      while (pos_ < text_.size() && text_[pos_] != '\n' && !kBlanks.contains(text_[pos_])) {
        next();
      }
    } else if ((c == '-' || c == '?') && blank_follows()) {
      next();
    } else {
      value_begins_ = false;
      go_on(c);
    }
  }

  void go_on(char c) {
    if ((c == ']' || c == '}') && !brackets_.empty()) {
      brackets_.pop_back();
    }
    value_begins_ =
        (c == ',' && !brackets_.empty()) || (c == ':' && (blank_follows() || !brackets_.empty()));
    next();
  }

  void skip_quoted(char quote) {
    const Opening begin = here();
    next();
    while (pos_ < text_.size()) {
      const char c = text_[pos_];
      const bool pair =
          pos_ + 1 < text_.size() &&
          ((quote == '"' && c == '\\') || (quote == '\'' && c == '\'' && text_[pos_ + 1] == '\''));
      next();
      if (pair) {
        next();
      } else if (c == quote) {
        if (line_ != begin.line && !found_.long_quote) {
          found_.long_quote = begin;
          found_.long_quote_end = line_;
        }
        return;
      }
    }
    found_.unclosed = begin;
  }

  // A text behind `|` or `>`: the lines that are indented more than the one it stands in.
  void skip_block() {
    const std::size_t outer = indent_of(line_start_);
    to_line_end();
    while (pos_ < text_.size()) {
      next();  // the line end
      const std::size_t indent = indent_of(pos_);
      const bool empty = pos_ + indent >= text_.size() || text_[pos_ + indent] == '\n' ||
                         text_[pos_ + indent] == '\r';
      if (!empty && indent <= outer) {
        break;
      }
      to_line_end();
    }
    value_begins_ = true;
  }

  std::size_t indent_of(std::size_t at) const {
    return std::min(text_.find_first_not_of(' ', at), text_.size()) - at;
  }
  bool blank_follows() const {
    return pos_ + 1 >= text_.size() || text_[pos_ + 1] == '\n' || kBlanks.contains(text_[pos_ + 1]);
  }
  Opening here() const { return {text_[pos_], line_, pos_ - line_start_ + 1}; }
  void to_line_end() { pos_ = std::min(text_.find('\n', pos_), text_.size()); }
  void next() {
    if (text_[pos_] == '\n') {
      ++line_;
      line_start_ = pos_ + 1;
    }
    ++pos_;
  }

  std::string_view text_;
  std::size_t pos_ = 0;
  std::size_t line_ = 1;
  std::size_t line_start_ = 0;
  bool value_begins_ = true;
  std::vector<Opening> brackets_;
  OpenEnds found_;
};

}  // namespace

OpenEnds find_open_ends(std::string_view text) {
  return Scanner(text).run();
}

}  // namespace sfb::config
