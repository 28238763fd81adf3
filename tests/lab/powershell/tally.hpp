// Counting what is equal and what is not, for the differential tests.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace sfb::lab {

/// A whole file; ends the program when it cannot be read.
std::string read(const std::filesystem::path& path);

class Tally {
 public:
  /// Compares bytes; prints where they part, or counts them under the reason, if there is one (a
  /// literal).
  void compare(const std::string& what, std::string_view ours, std::string_view engines,
               std::string_view reason = {});
  /// A difference that is no comparison of bytes.
  void differs(const std::string& what, const std::string& how);
  /// Counts a comparison that one side was rewritten for, under what was done (a literal).
  void rewritten(std::string_view what);
  /// Prints the counts, each line headed by `what`. The exit status: 1 when something differs,
  /// fewer than `least` were compared, or more than `ceiling` (of 100) of them were explained.
  int finish(std::string_view what, std::size_t least, std::size_t ceiling) const;

 private:
  std::size_t equal_ = 0;
  std::map<std::string_view, std::size_t> explained_;
  std::map<std::string_view, std::size_t> rewritten_;
  std::size_t different_ = 0;
};

}  // namespace sfb::lab
