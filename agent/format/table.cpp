#include "agent/format/table.hpp"

#include "agent/base/memory_meter.hpp"
#include "agent/format/text.hpp"
#include "agent/format/words.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace sfb::format {

namespace {

constexpr int kColumnGap = 1;
constexpr int kMinimumColumnWidth = 1;
constexpr int kDictionaryNameWidth = 30;

std::u16string without_blanks_behind(std::u16string_view text) {
  return std::u16string(text.substr(0, text.find_last_not_of(kWhiteSpace) + 1));
}

int table_width(const std::vector<int>& widths) {
  std::int64_t sum = -kColumnGap;
  for (const int width : widths) {
    sum += width > 0 ? std::int64_t{width} + kColumnGap : 0;
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
  table.sized_ = context.style.size_by_content || context.options.view == View::autosize;
  for (const Field& field : Row::shown_fields(context, first.all_fields(context))) {
    if (table.columns_.size() == kTableColumns) {
      break;
    }
    Column column{.name = std::string(field.name), .label = screen_text(context, field.name)};
    column.alignment =
        aligns_right(context.graph, *field.value) ? Alignment::right : Alignment::left;
    column.width = table.sized_ ? cell_count(column.label, context.style.cells) : 0;
    table.columns_.push_back(std::move(column));
  }
  return table;
}

Table Table::of_dictionary(const Context& context) {
  Table table;
  table.of_entries_ = true;
  table.sized_ = context.options.view == View::autosize;
  table.columns_ = {{.name = "Name", .width = kDictionaryNameWidth, .label = u"Name"},
                    {.name = "Value", .label = u"Value"}};
  if (table.sized_) {
    for (Column& column : table.columns_) {
      column.width = cell_count(column.label, context.style.cells);
    }
  }
  return table;
}

void Table::add(const Context& context, const Row& row) {
  Cells cells;
  cells.reserve(columns_.size());
  std::size_t bytes = sizeof(Kept);
  for (Column& column : columns_) {
    const Value* value = row.find(context, column.name);
    if (value == nullptr) {
      cells.emplace_back();
    } else {
      const std::string text =
          of_entries_ ? property_text(context, *value) : cell_text(context, *value);
      cells.push_back(screen_text(context, text));
    }
    if (sized_) {
      column.width = std::max(column.width, cell_count(cells.back(), context.style.cells));
    }
    // Even an empty cell is an allocation.
    context.budget.take(cells.back().size() + sizeof(std::u16string));
    bytes += sizeof(std::u16string) + block_of(2 * cells.back().capacity());
  }
  if (context.budget.hold(bytes)) {
    rows_.push_back({std::move(cells), bytes});
  }
}

void Table::add_line(const Context& context, std::string text) {
  context.budget.take(text.size() + sizeof(std::string));
  const std::size_t bytes = sizeof(Kept) + block_of(text.capacity());
  if (context.budget.hold(bytes)) {
    rows_.push_back({std::move(text), bytes});
  }
}

std::size_t Table::visible_columns() const {
  const auto hidden = std::ranges::find_if(columns_, [](const Column& c) { return c.width <= 0; });
  return static_cast<std::size_t>(hidden - columns_.begin());
}

Fit Table::fit_of(const Context& context, std::size_t column) const {
  return {.width = columns_[column].width,
          .alignment = columns_[column].alignment,
          .ellipsis = context.style.ellipsis,
          .rule = context.style.cells};
}

void Table::write_row(const Context& context, const Cells& cells, Sink& sink) const {
  std::u16string line;
  for (std::size_t i = 0; i < visible_columns(); ++i) {
    Fit fit = fit_of(context, i);
    // A column that found no room still is the last one.
    fit.pad_behind = context.style.pad_last_column || i + 1 < columns_.size();
    line += i == 0 ? u"" : u" ";
    line += fit_cell(cells[i], fit);
  }
  sink.line(line);
}

void Table::write_wrapped(const Context& context, const Cells& cells, Sink& sink) const {
  const bool pad_last = context.style.pad_last_column;
  const std::size_t visible = visible_columns();
  std::vector<Cells> lines(visible);
  std::size_t height = 0;
  std::size_t held = 0;
  for (std::size_t i = 0; i < visible; ++i) {
    wrap_words(cells[i], columns_[i].width, context.style.cells, [&](std::u16string_view line) {
      // A text of megabytes in a narrow column is a string for each character; twice as much while
      // the list of them grows.
      constexpr std::size_t kLine = 2 * sizeof(std::u16string);
      const std::size_t bytes = kLine + block_of(2 * line.size());
      if (context.budget.take(sizeof(std::u16string)) && context.budget.hold(bytes)) {
        held += bytes;
        lines[i].emplace_back(line);
      }
    });
    height = std::max(height, lines[i].size());
  }
  for (std::size_t row = 0; row < height && !context.budget.spent(); ++row) {
    std::size_t end = visible;
    while (!pad_last && lines[end - 1].size() <= row) {
      --end;  // nothing is written behind the last column that still has text
    }
    std::u16string line;
    for (std::size_t i = 0; i < end; ++i) {
      Fit fit = fit_of(context, i);
      fit.pad_behind = pad_last || i + 1 < visible;
      std::u16string cell = i == 0 ? u"" : u" ";
      cell += fit_cell(row < lines[i].size() ? lines[i][row] : u"", fit);
      if (!pad_last && i + 1 == end && height > 1) {
        cell = without_blanks_behind(cell);
      }
      line += cell;
    }
    sink.line(line);
  }
  context.budget.give(held);
}

void Table::write_header(const Context& context, Sink& sink) const {
  Cells labels;
  Cells dashes;
  for (const Column& column : columns_) {
    labels.push_back(column.label);
    const int cells = cell_count(column.label, context.style.cells);
    const int count = cells > 0 ? std::min(cells, column.width) : column.width;
    dashes.emplace_back(static_cast<std::size_t>(std::max(count, 0)), u'-');
  }
  // A label wider than its column wraps in every view.
  write_wrapped(context, labels, sink);
  write_row(context, dashes, sink);
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
  const bool visible = context.columns() >= kMinimumColumns && visible_columns() > 0;
  sink.blanks(context.style.blanks_before_table);
  if (visible) {
    write_header(context, sink);
  }
  for (; !rows_.empty() && !context.budget.spent(); rows_.pop_front()) {
    const auto& [row, bytes] = rows_.front();
    context.budget.give(bytes);
    if (const auto* text = std::get_if<std::string>(&row)) {
      sink.line_utf8(*text);
    } else if (visible && context.options.view == View::wrap) {
      write_wrapped(context, std::get<Cells>(row), sink);
    } else if (visible) {
      write_row(context, std::get<Cells>(row), sink);
    }
  }
  sink.blanks(context.style.blanks_after_table);
}

}  // namespace sfb::format
