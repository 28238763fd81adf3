// Values by hand for the tests of the formatter.
#pragma once

#include "agent/value/value.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sfb::format_test {

inline Value text(std::string value) {
  return Value::string(std::move(value));
}
inline Value number(int value) {
  return Value::int32(value);
}

/// An object with note properties.
inline Value object(Graph& graph, std::vector<Property> properties) {
  Object made;
  made.extended = std::move(properties);
  return Value::object_ref(graph.add(std::move(made)));
}

inline Value collection(Graph& graph, std::vector<Value> items,
                        Collection::Form form = Collection::Form::list) {
  Object made;
  made.collection = Collection{.form = form, .items = std::move(items), .entries = {}};
  return Value::object_ref(graph.add(std::move(made)));
}

inline Value dictionary(Graph& graph, std::vector<std::pair<Value, Value>> entries) {
  Object made;
  made.collection =
      Collection{.form = Collection::Form::dictionary, .items = {}, .entries = std::move(entries)};
  return Value::object_ref(graph.add(std::move(made)));
}

}  // namespace sfb::format_test
