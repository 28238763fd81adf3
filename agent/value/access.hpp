// Typed, case-insensitive, cycle-safe reading of values.
#pragma once

#include "agent/value/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb {

/// The property of that name in any case: extended first, then adapted, then those of a nested base
/// object. nullptr when there is none or the value is a scalar.
const Value* find_property(const Graph& graph, const Value& value, std::string_view name);

/// Like find_property; for a dictionary also its string keys. For wrappers that may be hashtables.
const Value* find_member(const Graph& graph, const Value& value, std::string_view name);

/// All properties PowerShell would show of a deserialised object, in its order: extended before
/// adapted, then those of a nested base object; a name that stands in both counts once, with the
/// extended value.
std::vector<const Property*> visible_properties(const Graph& graph, const Value& value);

/// The plain word a value means: a string itself, a number's or boolean's text, an object's
/// ToString or its base primitive's text (enums: the name, never the number). nullopt for null and
/// for objects without either.
std::optional<std::string_view> plain_text(const Graph& graph, const Value& value);

std::optional<bool> as_bool(const Graph& graph, const Value& value);
std::optional<std::int64_t> as_int64(const Graph& graph, const Value& value);

/// The items of a list, queue, stack or sequence; a scalar or other object is its own single item;
/// null is none. Nested lists are not flattened.
std::vector<const Value*> items_of(const Graph& graph, const Value& value);

/// Windows PowerShell's ConvertTo-Json writes some lists as {"value": [...], "Count": n}: the list
/// of such a pair, or `value` itself where it is none. nullptr where Count is no number or not that
/// of the items: something was lost or flattened.
const Value* unwrap_counted(const Graph& graph, const Value& value);

/// True when the object's type names contain `name`, with or without `Deserialized.` before it.
bool has_type(const Graph& graph, const Value& value, std::string_view name);

/// An enum instance (type names hold System.Enum).
bool is_enum(const Graph& graph, const Value& value);

}  // namespace sfb
