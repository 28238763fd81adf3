#include "agent/format/list.hpp"

#include "agent/format/cells.hpp"
#include "agent/format/text.hpp"

#include <algorithm>
#include <string>

namespace sfb::format {

namespace {

constexpr std::u16string_view kSeparator = u" : ";
constexpr int kSeparatorWidth = 3;

}  // namespace

void emit_list_entry(const Context& context, const std::vector<Field>& fields,
                     const EmitLine& emit) {
  if (context.columns() < kMinimumColumns) {
    return;
  }
  std::vector<std::u16string> labels;
  const CellRule rule = context.style.cells;
  int widest = 0;
  for (const Field& field : fields) {
    labels.push_back(screen_text(context, field.name));
    widest = std::max(widest, cell_count(labels.back(), rule));
  }
  // Labels give way until one column is left for the values.
  const int label_width = std::min(widest, context.columns() - kSeparatorWidth - 1);
  const int indent = label_width + kSeparatorWidth;
  for (std::size_t i = 0; i < fields.size() && !context.budget.spent(); ++i) {
    std::u16string start(head_cells(labels[i], label_width, rule));
    // A label that was cut is not filled up again where half a wide character is missing.
    start += blanks(label_width - cell_count(labels[i], rule));
    start += kSeparator;
    const std::u16string value = screen_text(context, property_text(context, *fields[i].value));
    wrap_words(value, context.columns() - indent, rule, [&](std::u16string_view line) {
      if (context.budget.spent()) {
        return;
      }
      emit(start.append(line));
      start = blanks(indent);
    });
  }
}

}  // namespace sfb::format
