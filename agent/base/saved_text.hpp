// The form of what outlives the process: lines of fields, the first of which names the line. Fields
// are parted by tabs; a tab, a line end and a backslash within one are escaped. Pure.
#pragma once

#include "agent/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb {

/// Appends one line.
void append_saved_line(std::string& out, std::initializer_list<std::string_view> fields);

/// Microseconds since 1970, as a field; empty for none.
std::string saved_time(std::optional<WallTime> time);

/// One line as it was read. A field that is not there is empty.
class SavedLine {
 public:
  explicit SavedLine(std::vector<std::string> fields) : fields_(std::move(fields)) {}

  std::string_view name() const { return text(0); }
  std::string_view text(std::size_t field) const {
    return field < fields_.size() ? std::string_view(fields_[field]) : std::string_view();
  }
  std::size_t size() const { return fields_.size(); }
  /// Absent where the field is no such number.
  std::optional<std::int64_t> number(std::size_t field) const;
  std::optional<std::uint64_t> count(std::size_t field) const;
  /// Absent where the field is empty or no time of the years 1970 to 9999.
  std::optional<WallTime> time(std::size_t field) const;

 private:
  std::vector<std::string> fields_;
};

/// What is read at most; more is damage.
struct SavedCaps {
  std::size_t bytes = 1UL << 20U;
  std::size_t lines = 4096;
  std::size_t fields = 32;
};

/// All lines. Never throws. Absent where the text is not of this form: a line without its end, an
/// unknown escape, more than the caps.
std::optional<std::vector<SavedLine>> read_saved_lines(std::string_view text,
                                                       const SavedCaps& caps = {});

}  // namespace sfb
