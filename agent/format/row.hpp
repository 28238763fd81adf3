// One thing the formatter shows: an object with its properties, or an entry of a dictionary.
// Thread rule: refers into the graph; lives as long as the values it was made of.
#pragma once

#include "agent/format/context.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::format {

/// A property by its name on the screen.
struct Field {
  std::string_view name;
  const Value* value;
};

class Row {
 public:
  explicit Row(const Value& value) : value_(&value) {}
  explicit Row(const std::pair<Value, Value>& entry) : entry_(&entry) {}

  bool is_entry() const { return entry_ != nullptr; }

  /// All properties, in PowerShell's order, PSComputerName and PSShowComputerName included.
  std::vector<Field> all_fields(const Context& context) const;

  /// all_fields() without PSShowComputerName, and without PSComputerName when PSShowComputerName is
  /// false.
  static std::vector<Field> shown_fields(const Context& context, std::vector<Field> all);

  /// The property of that name in any case; nullptr when there is none.
  const Value* find(const Context& context, std::string_view name) const;

  /// Always printed on a line of its own: a scalar, or an object without properties but those that
  /// remoting adds.
  bool is_plain(const Context& context) const;

  /// The text of that line.
  std::string plain_text(const Context& context) const;

 private:
  bool has_enum_value(const Context& context) const;

  const Value* value_ = nullptr;
  const std::pair<Value, Value>* entry_ = nullptr;
};

}  // namespace sfb::format
