#include "agent/format/list.hpp"

#include "agent/base/text.hpp"
#include "agent/format/cells.hpp"
#include "agent/format/text.hpp"
#include "agent/format/words.hpp"

#include <algorithm>
#include <string>

namespace sfb::format {

namespace {

constexpr std::u16string_view kSeparator = u" : ";

void write_fields(const Context& context, const std::vector<Field>& fields, Sink& sink) {
  std::vector<std::u16string> labels;
  int widest = 0;
  for (const Field& field : fields) {
    labels.push_back(to_utf16(field.name));
    widest = std::max(widest, cell_count(labels.back()));
  }
  // Labels give way until one column is left for the values.
  const int label_width = std::min(widest, context.columns() - cell_count(kSeparator) - 1);
  const int indent = label_width + cell_count(kSeparator);
  for (std::size_t i = 0; i < fields.size() && !context.budget.spent(); ++i) {
    std::u16string start(head_cells(labels[i], label_width));
    start += blanks(label_width - cell_count(start));
    start += kSeparator;
    const std::u16string value = to_utf16(property_text(context, *fields[i].value));
    wrap_words(value, context.columns() - indent, [&](std::u16string_view line) {
      if (context.budget.spent()) {
        return;
      }
      sink.line(start.append(line));
      start = blanks(indent);
    });
  }
}

}  // namespace

void write_list_entry(const Context& context, const std::vector<Field>& fields, Sink& sink) {
  if (context.columns() >= kMinimumColumns) {
    write_fields(context, fields, sink);
  }
  sink.blanks(context.style.blanks_after_entry);
}

}  // namespace sfb::format
