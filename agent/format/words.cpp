#include "agent/format/words.hpp"

#include <algorithm>
#include <string>

namespace sfb::format {

namespace {

constexpr char16_t kSoftHyphen = u'\u00AD';
constexpr char16_t kHardHyphen = u'\u2011';
constexpr char16_t kNoBreakSpace = u'\u00A0';

// Fills one line after the other; a word is added whole or, if no line could hold it, by character.
class Wrapper {
 public:
  Wrapper(int width, CellRule rule, const EmitLine& emit)
      : width_(width), left_(width), rule_(rule), emit_(&emit) {}

  void add_word(std::u16string_view word) {
    const int cells = cell_count(word, rule_);
    if (cells > width_) {
      for (const char16_t unit : word) {
        const int wanted = cells_of(unit, rule_);
        const char16_t shown = wanted > width_ ? u'?' : unit;
        add_piece({&shown, 1}, std::min(wanted, width_));
      }
    } else {
      add_piece(word, cells);
    }
  }

  int left() const { return left_; }

  void finish() { (*emit_)(line_); }

 private:
  void add_piece(std::u16string_view piece, int cells) {
    if (cells > left_) {
      (*emit_)(line_);
      line_.clear();
      left_ = width_;
    }
    line_ += piece;
    left_ -= cells;
  }

  int width_;
  int left_;
  CellRule rule_;
  const EmitLine* emit_;
  std::u16string line_;
};

void wrap_line(std::u16string_view line, int width, CellRule rule, const EmitLine& emit) {
  if (cell_count(line, rule) <= width) {
    emit(line);
    return;
  }
  if (width <= 0) {
    emit({});
    return;
  }
  Wrapper wrapper(width, rule, emit);
  std::u16string word;
  for (const char16_t unit : line) {
    if (unit == u' ' || unit == u'\t') {
      word += unit;
    } else if (unit == kSoftHyphen) {
      if (cell_count(word, rule) + 1 == wrapper.left()) {
        word += u'-';
      }
    } else if (unit != kHardHyphen && unit != kNoBreakSpace) {
      word += unit;
      continue;
    }
    wrapper.add_word(word);
    word.clear();
  }
  wrapper.add_word(word);
  wrapper.finish();
}

}  // namespace

void split_lines(std::u16string_view text, const EmitLine& emit) {
  std::u16string line;
  for (;;) {
    const std::size_t end = text.find(u'\n');
    line = text.substr(0, end);
    std::erase(line, u'\r');
    emit(line);
    if (end == std::u16string_view::npos) {
      return;
    }
    text.remove_prefix(end + 1);
  }
}

void wrap_words(std::u16string_view text, int width, CellRule rule, const EmitLine& emit) {
  split_lines(text, [&](std::u16string_view line) { wrap_line(line, width, rule, emit); });
}

}  // namespace sfb::format
