// One value as text: inside a table cell, behind a list's label, alone on a line.
// Nothing here follows more than two levels of nesting, so cycles and depth cost nothing.
#pragma once

#include "agent/format/context.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace sfb::format {

/// A text as the screen shows it, for everything that is measured, cut or wrapped.
std::u16string screen_text(const Context& context, std::string_view text);

/// What PSObject.ToString() gives: the server's own ToString, a plain value's text, a list's items
/// joined by blanks, `@{A=1; B=b}` of an object without either. Null is empty.
std::string to_string(const Context& context, const Value& value);

/// A property's text: like to_string, but lists and dictionaries in braces, cut behind
/// `Options::enumeration_limit` items: `{a, b, c, d...}`, `{}`. Null elements show as `$null`.
std::string property_text(const Context& context, const Value& value);

/// A table cell's text: like property_text, but fractions with fixed decimals where the style says
/// so.
std::string cell_text(const Context& context, const Value& value);

/// The type that the console knows a value by: its first type name, else that of the plain value it
/// is or wraps. Without the `Deserialized.` prefix; empty when there is none.
std::string_view type_name(const Graph& graph, const Value& value);

/// Text, numbers, booleans, characters: printed on a line of their own wherever they stand.
bool is_scalar_type(const Graph& graph, const Value& value);

/// Scalar types but text are aligned right in a table.
bool aligns_right(const Graph& graph, const Value& value);

/// The list, queue, stack, sequence or dictionary a value holds, nested base objects included;
/// nullptr when it is none.
const Collection* collection_of(const Graph& graph, const Value& value);

/// The items of a list, or of a byte array: those are made one after the other, because a value
/// takes seventy times its byte. Refers into the graph.
class Items {
 public:
  explicit Items(std::span<const Value> values) : values_(values) {}
  explicit Items(std::string bytes) : bytes_(std::move(bytes)) {}

  /// Calls `visit(value)` for each until it returns false.
  template <typename Visit>
  void each(Visit visit) const {
    for (const Value& value : values_) {
      if (!visit(value)) {
        return;
      }
    }
    for (const char byte : bytes_) {
      const auto number = static_cast<unsigned char>(byte);
      if (!visit(Value::make(Kind::uint8, std::to_string(number)))) {
        return;
      }
    }
  }

 private:
  std::span<const Value> values_;
  std::string bytes_;
};

/// nullopt for any other value, also for a dictionary.
std::optional<Items> list_items(const Context& context, const Value& value);

}  // namespace sfb::format
