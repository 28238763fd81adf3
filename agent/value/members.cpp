#include "agent/value/members.hpp"

#include "agent/value/access.hpp"

namespace sfb {

std::vector<std::pair<std::string_view, const Value*>> members_of(const Graph& graph,
                                                                  const Value& value) {
  std::vector<std::pair<std::string_view, const Value*>> members;
  for (const Property* const property : visible_properties(graph, value)) {
    members.emplace_back(property->name, &property->value);
  }
  const Object* const object = graph.object(value);
  if (object != nullptr && object->collection) {
    for (const auto& [key, entry] : object->collection->entries) {
      if (key.kind == Kind::string) {
        members.emplace_back(key.text, &entry);
      }
    }
  }
  return members;
}

}  // namespace sfb
