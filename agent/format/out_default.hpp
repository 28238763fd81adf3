// Out-Default: the first object decides whether a table or a list is shown, for all of them.
#pragma once

#include "agent/format/context.hpp"
#include "agent/format/row.hpp"
#include "agent/format/table.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sfb::format {

/// Pays from the budget for one look at a value's types and properties; false when it is spent.
bool charge(const Context& context, const Value& value);

/// The same for a value that is shown as an error record, whose texts are copied first.
bool charge_error(const Context& context, const Value& value);

/// The end of one pipeline. Values are shown in the order of show(); finish() closes the last
/// table.
class OutDefault {
 public:
  OutDefault(const Context& context, Sink& sink) : context_(&context), sink_(&sink) {}

  /// Lists and dictionaries are opened once, as the pipeline does; null shows nothing.
  void show(const Value& value);
  void finish();

 private:
  enum class Shape { none, table, list, dictionary };

  void show_one(const Value& value);
  void show_row(const Row& row);
  void show_fields(const std::vector<Field>& fields);
  void show_line(std::string text);
  void open(const Row& first);

  const Context* context_;
  Sink* sink_;
  Shape shape_ = Shape::none;
  std::optional<Table> table_;
};

/// A whole pipeline's output.
void write_objects(const Context& context, const std::vector<Value>& values, Sink& sink);

}  // namespace sfb::format
