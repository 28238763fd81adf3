// Screen cells: how wide a text is and how it is padded and cut. The western console of Windows
// PowerShell counts one cell for each UTF-16 unit; a console that counts wide characters as two
// changes these functions and nothing else. Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace sfb::format {

enum class Alignment { left, right };

/// The cells a text takes.
int cell_count(std::u16string_view text);

/// The longest head, or tail, of at most `cells` cells.
std::u16string_view head_cells(std::u16string_view text, int cells);
std::u16string_view tail_cells(std::u16string_view text, int cells);

/// `count` blanks; none when count is negative.
std::u16string blanks(int count);

/// The text in exactly `width` cells (1 or more): cut at its first line break, padded with blanks,
/// or cut with the ellipsis (without it when the column is not wider than that). A right-aligned
/// text loses its head.
std::u16string fit_cell(std::u16string_view text, int width, Alignment alignment,
                        std::u16string_view ellipsis);

}  // namespace sfb::format
