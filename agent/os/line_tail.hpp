// The last lines of a text that comes in pieces.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sfb::os {

/// Never holds much more than `bytes`, whatever comes. Thread rule: one thread.
class LineTail {
 public:
  /// Keeps at most this many lines and, of those, at most this many bytes.
  LineTail(std::size_t lines, std::size_t bytes) : lines_(lines), bytes_(bytes) {}

  void add(std::string_view piece);
  /// Without the last line end (LF or CRLF). Its first line may be cut.
  const std::string& text() const { return text_; }

 private:
  std::size_t lines_;
  std::size_t bytes_;
  std::string raw_;  // with the last line end, which more text may turn into an inner one
  std::string text_;
};

}  // namespace sfb::os
