// Screen cells: how wide a text is and how it is padded and cut. Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sfb::format {

enum class Alignment : std::uint8_t { left, right };

/// How a console counts the cells of a text.
enum class CellRule : std::uint8_t {
  utf16_units,  ///< one cell for each UTF-16 unit: Windows PowerShell on a western code page
  wide_as_two   ///< East Asian wide units take two cells: PowerShell 7 on every console
};

/// The cells one UTF-16 unit takes, 1 or 2.
int cells_of(char16_t unit, CellRule rule);

/// The cells a text takes.
int cell_count(std::u16string_view text, CellRule rule);

/// The longest head, or tail, of at most `cells` cells.
std::u16string_view head_cells(std::u16string_view text, int cells, CellRule rule);
std::u16string_view tail_cells(std::u16string_view text, int cells, CellRule rule);

/// `count` blanks; none when count is negative.
std::u16string blanks(int count);

/// A column's cell and how its text is fitted in.
struct Fit {
  int width = 1;  ///< cells, 1 or more
  Alignment alignment = Alignment::left;
  std::u16string_view ellipsis;
  CellRule rule = CellRule::utf16_units;
  bool pad_behind = true;  ///< fill up behind a left-aligned text
};

/// The text in exactly `width` cells: cut at its first line break, padded with blanks, or cut with
/// the ellipsis (without it when the column is not wider than the ellipsis). A right-aligned text
/// loses its head. Without `pad_behind` the result may be shorter.
std::u16string fit_cell(std::u16string_view text, const Fit& fit);

}  // namespace sfb::format
