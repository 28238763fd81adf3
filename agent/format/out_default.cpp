#include "agent/format/out_default.hpp"

#include "agent/base/text.hpp"
#include "agent/format/error_record.hpp"
#include "agent/format/list.hpp"
#include "agent/format/text.hpp"
#include "agent/value/access.hpp"
#include "agent/value/pipeline.hpp"

#include <utility>
#include <vector>

namespace sfb::format {

namespace {

// The texts of an object and of those inside it: an error record is made of copies of them.
std::size_t texts_of(const Graph& graph, const Value& value, int levels) {
  std::size_t sum = plain_text(graph, value).value_or("").size();
  const Object* object = graph.object(value);
  if (object == nullptr || levels == 0) {
    return sum;
  }
  for (const std::vector<Property>* part : {&object->extended, &object->adapted}) {
    for (const Property& property : *part) {
      sum += texts_of(graph, property.value, levels - 1);
    }
  }
  return sum;
}

}  // namespace

bool charge_error(const Context& context, const Value& value) {
  constexpr int kLevels = 2;  // the record, and its exception or invocation
  return charge(context, value) && context.budget.allows(texts_of(context.graph, value, kLevels));
}

bool charge(const Context& context, const Value& value) {
  const Object* object = context.graph.object(value);
  const std::size_t cost = object == nullptr ? 1
                                             : 1 + context.graph.type_names(*object).size() +
                                                   object->adapted.size() + object->extended.size();
  return context.budget.take(cost);
}

void OutDefault::show(const Value& value) {
  if (value.is_null() || context_->budget.spent()) {
    return;
  }
  if (const auto items = list_items(*context_, value)) {
    items->each([this](const Value& item) {
      show_one(item);
      return !context_->budget.spent();
    });
    return;
  }
  const Collection* collection = collection_of(context_->graph, value);
  if (collection == nullptr) {
    show_one(value);
    return;
  }
  for (const auto& entry : collection->entries) {
    if (context_->budget.spent()) {
      return;
    }
    show_row(Row(entry));
  }
}

void OutDefault::show_one(const Value& value) {
  if (!charge(*context_, value)) {
    return;
  }
  if (is_error_record(context_->graph, value)) {
    if (!charge_error(*context_, value)) {
      return;
    }
    emit_error(ErrorRecord::from(context_->graph, value), *context_,
               [&](std::u16string_view line) { show_line(from_utf16(line)); });
    return;
  }
  const Row row(value);
  // A list inside a list is not opened a second time: its items share one line.
  if (row.is_plain(*context_) || collection_of(context_->graph, value) != nullptr) {
    show_line(from_utf16(screen_text(*context_, row.plain_text(*context_))));
  } else {
    show_row(row);
  }
}

void OutDefault::show_line(std::string text) {
  if (table_) {
    table_->add_line(*context_, std::move(text));
  } else {
    sink_->line_utf8(text);
  }
}

void OutDefault::show_row(const Row& row) {
  if (shape_ == Shape::none) {
    open(row);
  }
  if (shape_ == Shape::dictionary && !row.is_entry()) {
    // The view of dictionaries fits nothing else: a list of its own stands inside it.
    show_line({});
    show_fields(Row::shown_fields(*context_, row.all_fields(*context_)));
    show_line({});
  } else if (table_) {
    table_->add(*context_, row);
  } else if (shape_ == Shape::dictionary) {
    show_fields({{"Name", row.find(*context_, "Name")}, {"Value", row.find(*context_, "Value")}});
    sink_->blanks(context_->style.blanks_after_entry);
  } else {
    show_fields(Row::shown_fields(*context_, row.all_fields(*context_)));
    sink_->blanks(context_->style.blanks_after_entry);
  }
}

void OutDefault::show_fields(const std::vector<Field>& fields) {
  emit_list_entry(*context_, fields,
                  [&](std::u16string_view line) { show_line(from_utf16(line)); });
}

void OutDefault::open(const Row& first) {
  const View view = context_->options.view;
  const bool list = view == View::list || (view == View::automatic && !first.is_entry() &&
                                           first.all_fields(*context_).size() > kTableProperties);
  shape_ = first.is_entry() ? Shape::dictionary : list ? Shape::list : Shape::table;
  if (list) {
    sink_->blanks(context_->style.blanks_before_list);
  } else if (first.is_entry()) {
    table_ = Table::of_dictionary(*context_);
  } else {
    table_ = Table::of(*context_, first);
  }
}

void OutDefault::finish() {
  if (table_) {
    std::move(*table_).finish(*context_, *sink_);
    table_.reset();
  } else if (shape_ != Shape::none) {
    sink_->blanks(context_->style.blanks_after_list);
  }
  shape_ = Shape::none;
}

void write_objects(const Context& context, const std::vector<Value>& values, Sink& sink) {
  OutDefault out(context, sink);
  for (const Value& value : values) {
    out.show(value);
  }
  out.finish();
}

}  // namespace sfb::format
