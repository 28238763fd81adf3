// Collects lines within a budget. Without it a small hostile answer could become gigabytes of text:
// shared objects may be shown many times, and a narrow screen repeats each label.
#pragma once

#include "agent/base/capped_text.hpp"
#include "agent/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sfb::format {

/// What one rendering may cost, for a text of at most so many bytes. Once something did not fit,
/// all that follows fails: the rendering ends early, with an error.
class Budget {
 public:
  explicit Budget(std::size_t max_bytes);
  /// For our own short texts: nothing is too much.
  static Budget unlimited() { return Budget(SIZE_MAX); }

  /// Takes `cost` units of work: bytes of text, visited properties. False when there are not enough
  /// left. An object of `Limits::object` shown plainly stays far below.
  bool take(std::size_t cost);
  /// Holds memory beside the text until it is given back: rows of a table wait for its end.
  /// Together it may be as much as the text.
  bool hold(std::size_t bytes);
  void give(std::size_t bytes) { held_ -= bytes; }
  /// True where a text that is put together of others may be so long. Real ones are short, and it
  /// is copied several times on its way.
  bool allows(std::size_t made_text);

  void end() { spent_ = true; }
  bool spent() const { return spent_; }
  std::size_t max_bytes() const { return max_bytes_; }

 private:
  std::size_t max_bytes_;
  std::size_t left_;
  std::size_t held_ = 0;
  bool spent_ = false;
};

/// Collects UTF-8 lines until the budget is spent.
class Sink {
 public:
  explicit Sink(Budget& budget) : budget_(&budget), text_(budget.max_bytes()) {}

  /// One line; the LF is added.
  void line(std::u16string_view text);
  /// One line that is UTF-8 already.
  void line_utf8(std::string_view text);
  void blanks(int count);
  /// Finished lines.
  void verbatim(std::string_view lines);

  /// The text; Reason::parse, `render.too_large`, when the budget was spent.
  Result<std::string> finish() &&;

 private:
  Budget* budget_;
  CappedText text_;
};

}  // namespace sfb::format
