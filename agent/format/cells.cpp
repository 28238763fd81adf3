#include "agent/format/cells.hpp"

#include <algorithm>
#include <limits>

namespace sfb::format {

int cell_count(std::u16string_view text) {
  constexpr std::size_t kMost = std::numeric_limits<int>::max() / 4;
  return static_cast<int>(std::min(text.size(), kMost));
}

std::u16string_view head_cells(std::u16string_view text, int cells) {
  return text.substr(0, static_cast<std::size_t>(std::max(cells, 0)));
}

std::u16string_view tail_cells(std::u16string_view text, int cells) {
  const auto wanted = static_cast<std::size_t>(std::max(cells, 0));
  return wanted >= text.size() ? text : text.substr(text.size() - wanted);
}

std::u16string blanks(int count) {
  return std::u16string(static_cast<std::size_t>(std::max(count, 0)), u' ');
}

std::u16string fit_cell(std::u16string_view text, int width, Alignment alignment,
                        std::u16string_view ellipsis) {
  std::u16string cell(text.substr(0, text.find_first_of(u"\r\n")));
  if (cell.size() < text.size()) {
    cell += ellipsis;
  }
  const int cells = cell_count(cell);
  const bool right = alignment == Alignment::right;
  if (cells <= width) {
    return right ? blanks(width - cells) + cell : cell + blanks(width - cells);
  }
  const int kept = width - cell_count(ellipsis);
  if (kept <= 0) {
    return std::u16string(right ? tail_cells(cell, width) : head_cells(cell, width));
  }
  std::u16string cut(ellipsis);
  return right ? cut.append(tail_cells(cell, kept))
               : std::u16string(head_cells(cell, kept)).append(ellipsis);
}

}  // namespace sfb::format
