// What differs between the consoles of PowerShell's editions, as one table of parameters.
// Thread rule: immutable data.
#pragma once

#include "agent/format/cells.hpp"
#include "agent/format/format.hpp"
#include "agent/value/position.hpp"

#include <cstddef>
#include <string_view>

namespace sfb::format {

/// The layout of one edition (README.md, "5.1 against 7").
struct Style {
  /// Empty lines before a table or list, after each entry of a list, after a table or list.
  int blanks_before_table;
  int blanks_before_list;
  int blanks_after_entry;
  int blanks_after_table;
  int blanks_after_list;
  /// Marks a cut cell and a list longer than the enumeration limit.
  std::u16string_view ellipsis;
  CellRule cells;
  /// Colours and links inside values are left out of the text.
  bool strip_escapes;
  /// Column widths from what the rows hold; else all columns share the screen evenly.
  bool size_by_content;
  /// A table's last column is filled up with blanks like the others.
  bool pad_last_column;
  /// Fractions in a table show the culture's number of decimals.
  bool fixed_decimals;
  /// -0 shows its sign.
  bool negative_zero;
  /// An enum that was read back has a property Value, so a single one is shown as a table.
  bool enum_value;
  /// A value inside another one's text shows the ToString that the server sent.
  bool server_text_inside;
  /// A dictionary in braces shows `[key, value]`, else its keys.
  bool dictionary_pairs;
  /// An [ordered] dictionary that was read back still is one, else a plain hashtable.
  bool ordered_dictionaries;
  /// Name stands behind Key and Value among the properties of a dictionary's entry.
  bool entry_name_last;
  /// The longest part of CategoryInfo that is shown whole, and how many characters stay at each end
  /// of a longer one.
  std::size_t category_part_limit;
  std::size_t category_part_kept;
  /// CategoryInfo is built from its parts, as a remoting client does; else the text the server sent
  /// is shown.
  bool rebuild_category;
  /// How the place of an error is shown.
  PositionStyle position;
  /// Errors and warnings wrap at words, the last lines of an error are indented and cut, and an
  /// empty line closes it.
  bool wrap_messages;
  /// A native program's lines of stderr become errors. The first one shows its message alone, as
  /// the others do.
  bool bare_native_errors;
  /// The view of errors where none is asked for.
  ErrorView error_view;
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
