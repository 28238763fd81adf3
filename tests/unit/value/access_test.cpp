#include "agent/value/access.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sfb {
namespace {

using testing::ElementsAre;

Value text(std::string value) {
  return Value::string(std::move(value));
}

// An object with an adapted and an extended `Name`, and a base object below it.
struct Layers {
  Graph graph;
  Value value;

  Layers() {
    Object base;
    base.to_string = "base";
    base.adapted = {{"Deep", text("d")}, {"State", text("base")}};
    Object outer;
    outer.types = graph.add_types({"Deserialized.Contoso.Status", "System.Object"});
    outer.base = Value::object_ref(graph.add(std::move(base)));
    outer.adapted = {{"Name", text("adapted")}, {"State", text("outer")}};
    outer.extended = {{"NAME", text("extended")}, {"Note", text("n")}};
    value = Value::object_ref(graph.add(std::move(outer)));
  }
};

TEST(FindProperty, ExtendedThenAdaptedThenBaseInAnyCase) {
  const Layers layers;
  EXPECT_EQ(find_property(layers.graph, layers.value, "name")->text, "extended");
  EXPECT_EQ(find_property(layers.graph, layers.value, "STATE")->text, "outer");
  EXPECT_EQ(find_property(layers.graph, layers.value, "deep")->text, "d");
  EXPECT_EQ(find_property(layers.graph, layers.value, "Dee"), nullptr);
  EXPECT_EQ(find_property(layers.graph, text("x"), "Length"), nullptr);
  EXPECT_EQ(find_property(layers.graph, {}, "Name"), nullptr);
}

TEST(FindProperty, ABaseThatIsItselfEnds) {
  Graph graph;
  const ObjectId id = graph.add({});
  graph.at(id).base = Value::object_ref(id);
  const Value value = Value::object_ref(id);
  EXPECT_EQ(find_property(graph, value, "a"), nullptr);
  EXPECT_EQ(plain_text(graph, value), std::nullopt);
  EXPECT_TRUE(visible_properties(graph, value).empty());
}

TEST(FindMember, AlsoReadsStringKeys) {
  Graph graph;
  Object table;
  table.collection = Collection{.form = Collection::Form::dictionary, .items = {}, .entries = {}};
  table.collection->entries = {{Value::int32(1), text("number")}, {text("Pool"), text("key")}};
  table.extended = {{"Note", text("n")}};
  const Value value = Value::object_ref(graph.add(std::move(table)));
  EXPECT_EQ(find_member(graph, value, "pool")->text, "key");
  EXPECT_EQ(find_member(graph, value, "note")->text, "n");
  EXPECT_EQ(find_member(graph, value, "1"), nullptr) << "only strings are names";
  EXPECT_EQ(find_property(graph, value, "pool"), nullptr);
  EXPECT_EQ(find_member(graph, text("x"), "pool"), nullptr);
}

TEST(VisibleProperties, ExtendedThenAdaptedThenBaseEachNameOnce) {
  const Layers layers;
  std::vector<std::string> seen;
  for (const Property* property : visible_properties(layers.graph, layers.value)) {
    seen.push_back(property->name + "=" + property->value.text);
  }
  EXPECT_THAT(seen, ElementsAre("NAME=extended", "Note=n", "State=outer", "Deep=d"));
}

TEST(PlainText, IsTheWordNotTheNumber) {
  Graph graph;
  Object state;
  state.types = graph.add_types({"Contoso.State", "System.Enum"});
  state.to_string = "SteadyState";
  state.base = Value::int32(2);
  const Value enumeration = Value::object_ref(graph.add(std::move(state)));
  EXPECT_EQ(plain_text(graph, enumeration), "SteadyState");
  EXPECT_EQ(as_int64(graph, enumeration), 2);
  EXPECT_TRUE(is_enum(graph, enumeration));
  Object number;
  number.base = Value::int32(5);
  const Value noted = Value::object_ref(graph.add(std::move(number)));
  EXPECT_EQ(plain_text(graph, noted), "5");
  EXPECT_FALSE(is_enum(graph, noted));
  EXPECT_EQ(plain_text(graph, text("x")), "x");
  EXPECT_EQ(plain_text(graph, {}), std::nullopt);
  EXPECT_EQ(plain_text(graph, Value::make(Kind::secure_string, "AAAA")), std::nullopt);
  EXPECT_EQ(plain_text(graph, Value::object_ref(graph.add({}))), std::nullopt);
  EXPECT_EQ(plain_text(graph, Value::object_ref(99)), std::nullopt) << "no such object";
}

TEST(AsBool, TakesTheTwoWords) {
  const Graph graph;
  EXPECT_EQ(as_bool(graph, Value::boolean(true)), true);
  EXPECT_EQ(as_bool(graph, text("False")), false);
  EXPECT_EQ(as_bool(graph, text("yes")), std::nullopt);
  EXPECT_EQ(as_bool(graph, {}), std::nullopt);
}

TEST(AsInt64, TakesWholeNumbersOnly) {
  const Graph graph;
  EXPECT_EQ(as_int64(graph, Value::make(Kind::int64, "-9223372036854775808")), INT64_MIN);
  for (const char* bad : {"", "1.0", "9223372036854775808", "5x", " 5"}) {
    EXPECT_EQ(as_int64(graph, text(bad)), std::nullopt) << bad;
  }
  EXPECT_EQ(as_int64(graph, {}), std::nullopt);
}

TEST(ItemsOf, ListsGiveItemsOthersThemselves) {
  Graph graph;
  for (const auto form : {Collection::Form::list, Collection::Form::enumerable,
                          Collection::Form::stack, Collection::Form::queue}) {
    Object list;
    list.collection = Collection{.form = form, .items = {text("a"), {}}, .entries = {}};
    const Value value = Value::object_ref(graph.add(std::move(list)));
    const auto items = items_of(graph, value);
    ASSERT_EQ(items.size(), 2U) << static_cast<int>(form);
    EXPECT_EQ(items[0]->text, "a");
    EXPECT_TRUE(items[1]->is_null());
  }
  Object table;
  table.collection = Collection{.form = Collection::Form::dictionary, .items = {}, .entries = {}};
  const Value dictionary = Value::object_ref(graph.add(std::move(table)));
  EXPECT_THAT(items_of(graph, dictionary), ElementsAre(&dictionary));
  const Value scalar = text("a");
  EXPECT_THAT(items_of(graph, scalar), ElementsAre(&scalar));
  EXPECT_TRUE(items_of(graph, {}).empty());
}

TEST(UnwrapCounted, OnlyAPairWhoseCountIsThatOfTheItems) {
  Graph graph;
  Object items;
  items.collection = Collection{.items = {text("a"), {}}, .entries = {}};
  const Value list = Value::object_ref(graph.add(std::move(items)));
  const auto pair = [&](const Value& inner, const Value& count, bool more = false) {
    Object made;
    made.extended = {{"Value", inner}, {"count", count}};
    if (more) {
      made.adapted = {{"x", {}}};
    }
    return Value::object_ref(graph.add(std::move(made)));
  };
  const Value good = pair(list, Value::int32(2));
  ASSERT_NE(unwrap_counted(graph, good), nullptr);
  EXPECT_EQ(unwrap_counted(graph, good)->object, list.object);
  for (const Value& count : {Value::int32(1), Value::int32(3), Value::int32(-2), text("2"), Value{},
                             Value::make(Kind::double_float, "2.5"), list}) {
    EXPECT_EQ(unwrap_counted(graph, pair(list, count)), nullptr) << count.text;
  }
  EXPECT_EQ(unwrap_counted(graph, pair(text("a b"), Value::int32(2))), nullptr);
  EXPECT_EQ(unwrap_counted(graph, pair({}, Value::int32(1))), nullptr);
  EXPECT_NE(unwrap_counted(graph, pair({}, Value::int32(0))), nullptr);
  const Value three = pair(list, Value::int32(7), true);
  EXPECT_EQ(unwrap_counted(graph, three), &three) << "no such pair";
  EXPECT_EQ(unwrap_counted(graph, list), &list);

  Object table;
  table.collection = Collection{.form = Collection::Form::dictionary,
                                .items = {},
                                .entries = {{text("value"), list}, {text("Count"), text("?")}}};
  EXPECT_EQ(unwrap_counted(graph, Value::object_ref(graph.add(std::move(table)))), nullptr);
}

TEST(HasType, WithOrWithoutDeserialized) {
  const Layers layers;
  EXPECT_TRUE(has_type(layers.graph, layers.value, "Contoso.Status"));
  EXPECT_TRUE(has_type(layers.graph, layers.value, "Deserialized.Contoso.Status"));
  EXPECT_TRUE(has_type(layers.graph, layers.value, "System.Object"));
  EXPECT_FALSE(has_type(layers.graph, layers.value, "Status"));
  EXPECT_FALSE(has_type(layers.graph, text("x"), "System.String"));
}

// What Microsoft's engine gives an object that it reads without type names.
TEST(TypeNames, AbsentOnesAreThoseOfWhatIsRead) {
  Graph graph;
  using Form = Collection::Form;
  const auto names = [&](std::optional<Form> form, std::optional<Value> base) {
    Object object;
    if (form) {
      object.collection = Collection{.form = *form, .items = {}, .entries = {}};
    }
    object.base = std::move(base);
    return graph.type_names(object);
  };
  EXPECT_THAT(names({}, {}),
              ElementsAre("System.Management.Automation.PSCustomObject", "System.Object"));
  EXPECT_THAT(names(Form::list, {}), ElementsAre("System.Collections.ArrayList", "System.Object"));
  EXPECT_EQ(names(Form::enumerable, {}), names(Form::list, {}));
  EXPECT_THAT(names(Form::stack, {}), ElementsAre("System.Collections.Stack", "System.Object"));
  EXPECT_THAT(names(Form::queue, {}), ElementsAre("System.Collections.Queue", "System.Object"));
  EXPECT_THAT(names(Form::dictionary, {}),
              ElementsAre("System.Collections.Hashtable", "System.Object"));
  EXPECT_THAT(names({}, text("x")), ElementsAre()) << "the value's own";
  Object empty;
  empty.types = graph.add_types({});
  EXPECT_THAT(graph.type_names(empty), ElementsAre()) << "an empty list is one";
}

TEST(Memory, CountsWhatObjectsAreMadeOf) {
  Graph graph;
  EXPECT_EQ(graph.memory(), 0U);
  std::size_t before = 0;
  const auto grew_by = [&](Object object) {
    graph.add(std::move(object));
    return graph.memory() - std::exchange(before, graph.memory());
  };
  EXPECT_EQ(grew_by({}), sizeof(Object));
  Object object;
  object.to_string = "12345";
  EXPECT_EQ(grew_by(object), sizeof(Object) + 5);
  object.base = text("123");
  EXPECT_EQ(grew_by(object), sizeof(Object) + 5 + sizeof(Value) + 3);
  Object members;
  members.adapted = {{"12", text("3")}};
  members.extended = {{"12", text("34"), "5"}};
  EXPECT_EQ(grew_by(members), sizeof(Object) + 2 * sizeof(Property) + 3 + 5);
  Object list;
  list.collection = Collection{Collection::Form::list, {text("1"), {}}, {{text("2"), text("34")}}};
  EXPECT_EQ(grew_by(list), sizeof(Object) + 4 * sizeof(Value) + 4);
  graph.add_types({"123", "4"});
  EXPECT_EQ(graph.memory() - before,
            sizeof(std::vector<std::string>) + 2 * sizeof(std::string) + 4);
}

}  // namespace
}  // namespace sfb
