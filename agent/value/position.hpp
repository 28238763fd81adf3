// Where in a script an error happened, as PowerShell shows it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sfb {

/// A place that a remote error record names. Lines and columns count from 1, in UTF-16 units.
struct ScriptPlace {
  std::string file;  ///< empty for a typed line
  std::int64_t line = 1;
  std::int64_t column = 1;
  std::string text;  ///< the whole line
};

/// What editions do differently.
struct PositionStyle {
  std::u16string_view ellipsis = u"...";
  bool mark_blanks = true;  ///< the mark also stands below blanks at the line's end
};

/// `At line:1 char:2`, the line behind `+ ` and tildes below it, as a client builds it for a record
/// that came without an extent: the error reaches to the line's end. Tabs become four blanks, lines
/// over 69 characters are cut with the edition's ellipsis. Columns outside the line are moved to
/// its ends.
std::string position_message(const ScriptPlace& place, const PositionStyle& style = {});

}  // namespace sfb
