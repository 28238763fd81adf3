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
  /// Prints the counts; the exit status: 1 when something differs or nothing was compared.
  int finish() const;

 private:
  std::size_t equal_ = 0;
  std::map<std::string_view, std::size_t> explained_;
  std::size_t different_ = 0;
};

}  // namespace sfb::lab
