// Collects lines within a budget. Without it a small hostile answer could become gigabytes of text:
// shared objects may be shown many times, and a narrow screen repeats each label.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sfb::format {

/// Bytes of text and visited properties one rendering may cost. An object of 4 MiB shown plainly
/// stays far below it.
inline constexpr std::size_t kWorkLimit = 32UL << 20U;

/// What is left of kWorkLimit.
class Budget {
 public:
  explicit Budget(std::size_t limit = kWorkLimit) : left_(limit) {}

  /// Takes `cost` units. False when there are not enough left; then every later call fails too.
  bool take(std::size_t cost);
  bool spent() const { return spent_; }

 private:
  std::size_t left_;
  bool spent_ = false;
};

/// Collects UTF-8 lines until the budget is spent.
class Sink {
 public:
  explicit Sink(Budget& budget) : budget_(&budget) {}

  /// One line; the LF is added.
  void line(std::u16string_view text);
  /// One line that is UTF-8 already.
  void line_utf8(std::string_view text);
  void blanks(int count);

  /// The text; says in a last line when the budget cut it short.
  std::string finish() &&;

 private:
  Budget* budget_;
  std::string text_;
};

}  // namespace sfb::format
