// What happened, for tests that start many processes: one line of JSON per event, appended to a
// file that they share.
#pragma once

#include "agent/base/descriptor.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sim {

/// Thread rule: one thread; several processes may write to one file, a line at a time.
class Journal {
 public:
  /// Names and values, which are JSON.
  using Fields = std::vector<std::pair<std::string, std::string>>;

  /// Begins to write there; the error text when it cannot. Without it nothing is written.
  std::optional<std::string> open(const std::string& path);
  /// How many lines up to the last one of this process hold that text; 1 without a file.
  std::size_t count(const std::string& text) const;
  void write(const std::string& event, const Fields& fields = {});

 private:
  std::string path_;
  sfb::Descriptor file_;
};

}  // namespace sim
