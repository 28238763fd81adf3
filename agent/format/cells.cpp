#include "agent/format/cells.hpp"

#include <algorithm>
#include <limits>

namespace sfb::format {

namespace {

struct Range {
  char16_t first;
  char16_t last;
};

// The units PowerShell 7 counts twice, from Markus Kuhn's wcwidth.c (Unicode's EastAsianWidth.txt,
// wide and full width). Surrogates are none of them: a pair has its two cells from its two units.
constexpr Range kWide[] = {
    {u'\u1100', u'\u115F'},  // Hangul Jamo
    {u'\u2329', u'\u232A'},  // angle brackets
    {u'\u2E80', u'\u303E'},  // CJK radicals, Kangxi, punctuation
    {u'\u3040', u'\uA4CF'},  // kana to Yi
    {u'\uAC00', u'\uD7A3'},  // Hangul syllables
    {u'\uF900', u'\uFAFF'},  // CJK compatibility ideographs
    {u'\uFE10', u'\uFE19'},  // vertical forms
    {u'\uFE30', u'\uFE6F'},  // CJK compatibility forms
    {u'\uFF00', u'\uFF60'},  // full width forms
    {u'\uFFE0', u'\uFFE6'},  // full width signs
};

// No screen is wider, and sums of two such counts still fit.
constexpr int kMostCells = std::numeric_limits<int>::max() / 4;

bool is_wide(char16_t unit) {
  return unit >= kWide[0].first && std::ranges::any_of(kWide, [unit](const Range& range) {
           return unit >= range.first && unit <= range.last;
         });
}

}  // namespace

int cells_of(char16_t unit, CellRule rule) {
  return rule == CellRule::wide_as_two && is_wide(unit) ? 2 : 1;
}

int cell_count(std::u16string_view text, CellRule rule) {
  const std::u16string_view counted = text.substr(0, static_cast<std::size_t>(kMostCells));
  auto cells = static_cast<std::int64_t>(counted.size());
  if (rule == CellRule::wide_as_two) {
    cells += std::ranges::count_if(counted, is_wide);
  }
  return static_cast<int>(std::min<std::int64_t>(cells, kMostCells));
}

std::u16string_view head_cells(std::u16string_view text, int cells, CellRule rule) {
  std::size_t count = 0;
  for (int left = cells; count < text.size(); ++count) {
    left -= cells_of(text[count], rule);
    if (left < 0) {
      break;
    }
  }
  return text.substr(0, count);
}

std::u16string_view tail_cells(std::u16string_view text, int cells, CellRule rule) {
  std::size_t start = text.size();
  for (int left = cells; start > 0; --start) {
    left -= cells_of(text[start - 1], rule);
    if (left < 0) {
      break;
    }
  }
  return text.substr(start);
}

std::u16string blanks(int count) {
  return std::u16string(static_cast<std::size_t>(std::max(count, 0)), u' ');
}

std::u16string fit_cell(std::u16string_view text, const Fit& fit) {
  const bool right = fit.alignment == Alignment::right;
  std::u16string cell(text.substr(0, text.find_first_of(u"\r\n")));
  if (cell.size() < text.size()) {
    cell += fit.ellipsis;
  }
  if (cell_count(cell, fit.rule) > fit.width) {
    const int kept = fit.width - cell_count(fit.ellipsis, fit.rule);
    const std::u16string_view mark = kept > 0 ? fit.ellipsis : std::u16string_view();
    const int cells = kept > 0 ? kept : fit.width;
    std::u16string cut(right ? mark : head_cells(cell, cells, fit.rule));
    cell = cut.append(right ? tail_cells(cell, cells, fit.rule) : mark);
  }
  // A cut text may be a cell short too: a wide character did not fit.
  const int missing = fit.width - cell_count(cell, fit.rule);
  if (right) {
    return blanks(missing) + cell;
  }
  return fit.pad_behind ? cell + blanks(missing) : cell;
}

}  // namespace sfb::format
