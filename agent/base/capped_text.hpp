// A text that is made piece by piece and stops growing at a limit: shared objects are written as
// often as they occur, so a small graph can mean a huge text.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/limits.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sfb {

/// The most bytes of one rendered answer: 2 x limits.object.
std::size_t most_text(const Limits& limits);

/// Why a rendered answer is refused: Reason::parse, `render.too_large`.
Error too_much_text(std::size_t limit);

/// Thread rule: one owner.
class CappedText {
 public:
  explicit CappedText(std::size_t limit) : limit_(limit) {}

  /// What does not fit is dropped, and all that follows: then the text is `full`.
  CappedText& operator+=(std::string_view piece);
  CappedText& operator+=(char c) { return *this += std::string_view(&c, 1); }
  void append(std::size_t count, char c);

  /// For a piece that was too long to be made.
  void fill() { full_ = true; }

  bool full() const { return full_; }
  bool empty() const { return text_.empty(); }
  std::size_t size() const { return text_.size(); }
  std::size_t left() const { return limit_ - text_.size(); }
  /// From `start` on.
  std::string_view tail(std::size_t start) const { return std::string_view(text_).substr(start); }

  /// The text, or `too_much_text`.
  Result<std::string> finish() &&;

 private:
  bool room_for(std::size_t bytes);

  std::size_t limit_;
  std::string text_;
  bool full_ = false;
};

}  // namespace sfb
