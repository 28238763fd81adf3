// A collector's view as values, for the API: plain strings, numbers, booleans, lists and objects.
// Unknown is null, times are UTC in ISO 8601. Pure functions.
#pragma once

#include "agent/base/time.hpp"
#include "agent/value/value.hpp"
#include "collectors/collector.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::collectors {

Value told(std::string_view text);
/// A template, so that no text becomes a boolean.
Value told(std::same_as<bool> auto value) {
  return Value::boolean(value);
}
Value told(std::int64_t number);
Value told(WallTime time);
/// null when absent.
template <typename T>
Value told(const std::optional<T>& value) {
  return value ? told(*value) : Value();
}
/// null when empty.
Value told_unless_empty(std::string_view text);

Value list_of(Graph& graph, std::vector<Value> items);

/// One object, members in the order they are added.
class Record {
 public:
  Record& add(std::string_view name, Value value) {
    members_.push_back({std::string(name), std::move(value)});
    return *this;
  }
  /// The finished object. The record is empty then.
  Value into(Graph& graph);

 private:
  std::vector<Property> members_;
};

/// `{configured, working, reasons, doubts}`
Value told(Graph& graph, const Verdict& verdict);

}  // namespace sfb::collectors
