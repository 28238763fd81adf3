// What differs between the consoles of PowerShell's editions, as one table of parameters.
// Thread rule: immutable data.
#pragma once

#include "agent/format/format.hpp"

#include <cstddef>
#include <string_view>

namespace sfb::format {

/// The layout of one edition (powershell/README.md, "Windows PowerShell 5.1 against 7.6").
struct Style {
  /// Empty lines: before a table or list, more of them before a list's first entry, after each
  /// entry of a list, after a table or list.
  int blanks_before;
  int blanks_before_list;
  int blanks_after_entry;
  int blanks_after;
  /// Marks a cut cell and a list longer than the enumeration limit.
  std::u16string_view ellipsis;
  /// Column widths from what the rows hold; else all columns share the screen evenly.
  bool size_by_content;
  /// Significant digits of a double's and a single's text.
  int double_digits;
  int single_digits;
  /// The longest part of CategoryInfo that is shown whole, and the characters that are left of a
  /// longer one at each of its ends.
  std::size_t category_part_limit;
  std::size_t category_part_kept;
};

/// The style of an edition; a reference to a constant.
const Style& style_of(Edition edition);

/// A list is shown for objects of more properties than this, a table for the others.
inline constexpr std::size_t kTableProperties = 4;
/// A table without a view shows no more columns than this.
inline constexpr std::size_t kTableColumns = 10;
/// Neither a table nor a list shows anything on fewer usable columns.
inline constexpr int kMinimumColumns = 5;

}  // namespace sfb::format
