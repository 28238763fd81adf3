#include "collectors/describe.hpp"

#include <string>

namespace sfb::collectors {

namespace {

Value grounds_of(Graph& graph, const std::vector<Ground>& grounds) {
  std::vector<Value> items;
  items.reserve(grounds.size());
  for (const Ground& ground : grounds) {
    items.push_back(Record()
                        .add("module", told_unless_empty(ground.module))
                        .add("direction", told_unless_empty(ground.direction))
                        .add("code", told(ground.code))
                        .add("text", told(ground.text))
                        .into(graph));
  }
  return list_of(graph, std::move(items));
}

}  // namespace

Value told(std::string_view text) {
  return Value::string(std::string(text));
}

Value told(std::int64_t number) {
  return Value::make(Kind::int64, std::to_string(number));
}

Value told(WallTime time) {
  return Value::string(format_iso8601(time));
}

Value told_unless_empty(std::string_view text) {
  return text.empty() ? Value() : told(text);
}

Value list_of(Graph& graph, std::vector<Value> items) {
  Object list;
  list.collection.emplace().items = std::move(items);
  return Value::object_ref(graph.add(std::move(list)));
}

Value Record::into(Graph& graph) {
  Object object;
  object.extended = std::exchange(members_, {});
  object.has_extended = true;
  return Value::object_ref(graph.add(std::move(object)));
}

Value told(Graph& graph, const Verdict& verdict) {
  return Record()
      .add("configured", told(verdict.configured))
      .add("working", told(verdict.working))
      .add("reasons", grounds_of(graph, verdict.reasons))
      .add("doubts", grounds_of(graph, verdict.doubts))
      .into(graph);
}

}  // namespace sfb::collectors
