// What is wrong in a configuration file, with the place, in one printed form.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::config {

/// A place in a file. Lines and columns (bytes) count from 1; line 0: the file as a whole.
struct Position {
  std::string file;
  std::size_t line = 0;
  std::size_t column = 0;

  auto operator<=>(const Position&) const = default;
};

/// `file:line:column`, or the file alone.
std::string to_string(const Position& position);

/// One problem. `key` is the way to it (`pools[2].fqdn`), empty for a whole file.
struct Problem {
  Position where;
  std::string key;
  std::string what;    ///< what is wrong
  std::string remedy;  ///< what is allowed or to be done; may be empty
};

/// `file:line:column: key: what is wrong, what is allowed`, always one line.
std::string to_string(const Problem& problem);

/// Collects problems up to a bound, so that a file full of errors cannot fill the memory.
class Problems {
 public:
  static constexpr std::size_t kMost = 1000;

  /// Keeps the problem; beyond kMost it is only counted.
  void add(Position where, std::string_view key, std::string what, std::string remedy = {});
  /// Nothing more will be kept: messages need not be made.
  bool full() const { return count_ >= kMost; }
  /// Problems seen so far, kept or not.
  std::size_t count() const { return count_; }
  /// All kept problems by file and position; a last entry says how many were left out.
  std::vector<Problem> take_sorted();

 private:
  std::vector<Problem> kept_;
  std::size_t count_ = 0;
};

}  // namespace sfb::config
