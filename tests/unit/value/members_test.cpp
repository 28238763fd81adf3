#include "agent/value/members.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace sfb {
namespace {

std::string shown(const Graph& graph, const Value& value) {
  std::string text;
  for (const auto& [name, member] : members_of(graph, value)) {
    text += std::string(name) + "=" + member->text + ";";
  }
  return text;
}

TEST(Members, PropertiesThenEntriesWithAName) {
  Graph graph;
  Object object;
  object.extended = {{"A", Value::string("1")}};
  object.adapted = {{"a", Value::string("hidden")}, {"B", Value::int32(2)}};
  object.collection = Collection{.form = Collection::Form::dictionary, .items = {}, .entries = {}};
  object.collection->entries = {{Value::string("C"), Value::string("3")},
                                {Value::int32(4), Value::string("no name")}};
  const Value value = Value::object_ref(graph.add(std::move(object)));
  EXPECT_EQ(shown(graph, value), "A=1;B=2;C=3;");
  EXPECT_EQ(shown(graph, Value::string("text")), "");
  EXPECT_EQ(shown(graph, {}), "");
}

}  // namespace
}  // namespace sfb
