#include "agent/format/table.hpp"

#include "agent/base/text.hpp"
#include "agent/format/text.hpp"
#include "agent/format/words.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace sfb::format {

namespace {

constexpr int kSeparatorWidth = 1;
constexpr int kMinimumColumnWidth = 1;
constexpr int kDictionaryNameWidth = 30;

int table_width(const std::vector<int>& widths) {
  std::int64_t sum = -kSeparatorWidth;
  for (const int width : widths) {
    sum += width > 0 ? std::int64_t{width} + kSeparatorWidth : 0;
  }
  return static_cast<int>(std::min<std::int64_t>(sum, 1 << 30));
}

// Gives columns without a width an even share, the leftmost one the remainder.
void share_out(std::vector<int>& widths, int columns) {
  std::vector<int*> open;
  for (int& width : widths) {
    if (width == 0) {
      width = kMinimumColumnWidth;
      open.push_back(&width);
    }
  }
  const int free = columns - table_width(widths);
  if (open.empty() || free <= 0) {
    return;
  }
  const auto count = static_cast<int>(open.size());
  for (int i = 0; i < count; ++i) {
    *open[static_cast<std::size_t>(i)] += free / count + (i < free % count ? 1 : 0);
  }
}

}  // namespace

void fit_columns(std::vector<int>& widths, int columns) {
  share_out(widths, columns);
  for (auto last = widths.rbegin(); last != widths.rend(); ++last) {
    const int excess = table_width(widths) - columns;
    if (excess <= 0) {
      return;
    }
    *last = *last - excess >= kMinimumColumnWidth ? *last - excess : -1;
  }
}

Table Table::of(const Context& context, const Row& first) {
  Table table;
  table.sized_ = context.style.size_by_content;
  for (const Field& field : Row::shown_fields(context, first.all_fields(context))) {
    if (table.columns_.size() == kTableColumns) {
      break;
    }
    Column column{.name = std::string(field.name), .label = to_utf16(field.name)};
    column.alignment =
        aligns_right(context.graph, *field.value) ? Alignment::right : Alignment::left;
    column.width = table.sized_ ? cell_count(column.label) : 0;
    table.columns_.push_back(std::move(column));
  }
  return table;
}

Table Table::of_dictionary() {
  Table table;
  table.columns_ = {{.name = "Name", .width = kDictionaryNameWidth, .label = u"Name"},
                    {.name = "Value", .label = u"Value"}};
  return table;
}

void Table::add(const Context& context, const Row& row) {
  Cells cells;
  for (Column& column : columns_) {
    const Value* value = row.find(context, column.name);
    cells.push_back(value == nullptr ? u"" : to_utf16(property_text(context, *value)));
    if (sized_) {
      column.width = std::max(column.width, cell_count(cells.back()));
    }
    // Even an empty cell is an allocation.
    context.budget.take(cells.back().size() + sizeof(std::u16string));
  }
  rows_.emplace_back(std::move(cells));
}

void Table::add_line(const Context& context, std::string text) {
  context.budget.take(text.size() + sizeof(std::string));
  rows_.emplace_back(std::move(text));
}

std::u16string Table::row_line(const Context& context, const Cells& cells) const {
  std::u16string line;
  for (std::size_t i = 0; i < columns_.size() && columns_[i].width > 0; ++i) {
    line += i == 0 ? u"" : u" ";
    line += fit_cell(cells[i], columns_[i].width, columns_[i].alignment, context.style.ellipsis);
  }
  return line;
}

void Table::write_header(const Context& context, Sink& sink) const {
  // A label wider than its column wraps; the shorter ones are filled up with blanks below.
  std::vector<Cells> label_lines;
  std::size_t height = 0;
  Cells dashes;
  for (const Column& column : columns_) {
    Cells lines;
    if (column.width > 0) {
      wrap_words(column.label, column.width, [&](std::u16string_view line) {
        // A label of megabytes over a narrow column is a string for each character.
        if (context.budget.take(sizeof(std::u16string))) {
          lines.emplace_back(line);
        }
      });
    }
    height = std::max(height, lines.size());
    label_lines.push_back(std::move(lines));
    const int cells = cell_count(column.label);
    const int count = cells > 0 ? std::min(cells, column.width) : column.width;
    dashes.emplace_back(static_cast<std::size_t>(std::max(count, 0)), u'-');
  }
  for (std::size_t i = 0; i < height && !context.budget.spent(); ++i) {
    Cells cells;
    for (const Cells& lines : label_lines) {
      cells.push_back(i < lines.size() ? lines[i] : u"");
    }
    sink.line(row_line(context, cells));
  }
  sink.line(row_line(context, dashes));
}

void Table::finish(const Context& context, Sink& sink) && {
  std::vector<int> widths;
  widths.reserve(columns_.size());
  for (const Column& column : columns_) {
    widths.push_back(column.width);
  }
  fit_columns(widths, context.columns());
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    columns_[i].width = widths[i];
  }
  const bool visible = context.columns() >= kMinimumColumns && !widths.empty() && widths[0] > 0;
  sink.blanks(context.style.blanks_before);
  if (visible) {
    write_header(context, sink);
  }
  for (const auto& row : rows_) {
    if (context.budget.spent()) {
      break;
    }
    if (const auto* text = std::get_if<std::string>(&row)) {
      sink.line_utf8(*text);
    } else if (visible) {
      sink.line(row_line(context, std::get<Cells>(row)));
    }
  }
  sink.blanks(context.style.blanks_after);
}

}  // namespace sfb::format
