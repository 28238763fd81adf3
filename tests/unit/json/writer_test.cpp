// ConvertTo-Json beyond the recorded documents: depth, cycles, notes, dictionaries, sharing.
#include "agent/json/writer.hpp"

#include "agent/json/reader.hpp"

#include <gtest/gtest.h>

namespace sfb::json {
namespace {

std::string compressed(const Graph& graph, const std::vector<Value>& values, int depth = 2) {
  WriteOptions options;
  options.compress = true;
  options.depth = depth;
  return convert_to_json(graph, values, options).value();
}

Value custom(Graph& graph, std::vector<Property> properties) {
  Object object;
  object.extended = std::move(properties);
  return Value::object_ref(graph.add(std::move(object)));
}

Value list(Graph& graph, std::vector<Value> items) {
  Object object;
  object.collection =
      Collection{.form = Collection::Form::list, .items = std::move(items), .entries = {}};
  return Value::object_ref(graph.add(std::move(object)));
}

TEST(JsonWriter, NoneOneAndSeveral) {
  Graph graph;
  EXPECT_EQ(compressed(graph, {}), "");
  EXPECT_EQ(compressed(graph, {Value{}}), "null");
  EXPECT_EQ(compressed(graph, {Value::int32(1), Value{}}), "[1,null]");
}

TEST(JsonWriter, TooDeepBecomesItsText) {
  Graph graph;
  const Value inner = custom(graph, {{"A", Value::int32(1)},
                                     {"B", Value::boolean(true)},
                                     {"C", list(graph, {Value::int32(1)})},
                                     {"D", Value{}},
                                     {"E", Value::make(Kind::time_span, "P1DT2H")},
                                     {"F", Value::make(Kind::date_time, "1999-10-09T01:02:03Z")}});
  const Value middle = custom(graph, {{"Inner", inner}});
  EXPECT_EQ(compressed(graph, {middle}, 0),
            R"({"Inner":"@{A=1; B=True; C=System.Collections.ArrayList; D=; E=1.02:00:00; )"
            R"(F=10/09/1999 01:02:03}"})");
  EXPECT_EQ(compressed(graph, {custom(graph, {{"Empty", custom(graph, {})}})}, 0),
            R"({"Empty":""})");
  // Several objects are an array, and that is a level.
  EXPECT_EQ(compressed(graph, {Value{}, custom(graph, {{"A", Value::int32(1)}})}, 0),
            R"([null,"@{A=1}"])");
  Object typed;
  typed.to_string = "its text";
  const Value value = Value::object_ref(graph.add(std::move(typed)));
  EXPECT_EQ(compressed(graph,
                       {list(graph, {value, Value::make(Kind::bytes, "AQL/"),
                                     Value::make(Kind::version, "1.2")})},
                       0),
            R"(["its text","1 2 255","1.2"])");
}

TEST(JsonWriter, CyclesEndAtTheDepth) {
  Graph graph;
  const Value self = custom(graph, {});
  graph.at(self.object).extended = {{"Self", self}, {"N", Value::int32(1)}};
  EXPECT_EQ(compressed(graph, {self}, 1), R"({"Self":{"Self":"@{Self=; N=1}","N":1},"N":1})");
  const Value ring = list(graph, {});
  graph.at(ring.object).collection->items = {ring};
  EXPECT_EQ(compressed(graph, {ring}, 1), R"([["System.Collections.ArrayList"]])");
  EXPECT_FALSE(compressed(graph, {ring}, 1'000'000).empty());  // the depth is capped

  Object base;
  const ObjectId loop = graph.add(std::move(base));
  graph.at(loop).base = Value::object_ref(loop);
  EXPECT_EQ(compressed(graph, {Value::object_ref(loop)}), "{}");
}

std::string code_of(const Result<std::string>& text) {
  return text ? "written" : text.error().code;
}

TEST(JsonWriter, SharedObjectsCannotMakeAHugeText) {
  Graph graph;
  Value level = Value::string(std::string(1000, 'x'));
  for (int i = 0; i < 8; ++i) {
    level = list(graph, std::vector<Value>(100, level));
  }
  WriteOptions options;
  options.depth = 10;
  options.max_bytes = 100'000;
  const auto text = convert_to_json(graph, {level}, options);
  ASSERT_EQ(code_of(text), "render.too_large") << "10^19 bytes, and none of them cut off silently";
  EXPECT_NE(text.error().message.find("100000 bytes"), std::string::npos);
  EXPECT_NE(text.error().remedy.find("limits.object"), std::string::npos);

  // The text of what is too deep is bounded likewise.
  Object typed;
  typed.to_string = std::string(50'000, 'y');
  const Value big = Value::object_ref(graph.add(std::move(typed)));
  const Value wide = list(graph, std::vector<Value>(1'000, big));
  options.depth = 0;
  EXPECT_EQ(code_of(convert_to_json(graph, {list(graph, std::vector<Value>(10, wide))}, options)),
            "render.too_large");
}

TEST(JsonWriter, WhatJustFitsIsWrittenWhole) {
  Graph graph;
  const Value text = Value::string(std::string(150'000, '\x01'));  // six bytes each
  WriteOptions options;
  options.max_bytes = 900'002;
  EXPECT_EQ(convert_to_json(graph, {text}, options)->size(), 900'002U);
  options.max_bytes = 900'001;
  EXPECT_EQ(code_of(convert_to_json(graph, {text}, options)), "render.too_large");
}

// 5.1 indents as far as the names are long: a long name before many items is a square.
TEST(JsonWriter, LongNamesCannotMakeAHugeText) {
  Graph graph;
  const Value items = list(graph, std::vector<Value>(10'000));
  const Value object = custom(graph, {{std::string(10'000, 'n'), items}});
  WriteOptions options{.edition = Edition::windows_powershell_51};
  options.max_bytes = 100'000;
  EXPECT_EQ(code_of(convert_to_json(graph, {object}, options)), "render.too_large");
}

TEST(JsonWriter, In51BracketsStandWhereTheValueBegins) {
  Graph graph;
  const WriteOptions options{.edition = Edition::windows_powershell_51};
  const Value inner = custom(graph, {{"N", Value::int32(1)}});
  // The name's width counts UTF-16 units of the escaped text.
  const Value outer = custom(graph, {{"<\u00e9\U0001F600", list(graph, {inner, list(graph, {})})}});
  EXPECT_EQ(convert_to_json(graph, {outer}, options).value(),
            "{\n"
            "    \"\\u003c\u00e9\U0001F600\":  [\n"
            "                      {\n"
            "                          \"N\":  1\n"
            "                      },\n"
            "                      [\n"
            "\n"
            "                      ]\n"
            "                  ]\n"
            "}");
}

TEST(JsonWriter, In51NotesStandBesideStringsAndDates) {
  Graph graph;
  WriteOptions options{.edition = Edition::windows_powershell_51};
  options.compress = true;
  for (const Value& base :
       {Value::string("a"), Value::make(Kind::date_time, "1970-01-01T00:00:00.002Z")}) {
    Object object;
    object.base = base;
    object.extended = {{"Extra", Value::int32(1)}};
    const Value value = Value::object_ref(graph.add(std::move(object)));
    EXPECT_EQ(convert_to_json(graph, {value}, options).value(),
              base.kind == Kind::string ? R"({"value":"a","Extra":1})"
                                        : R"({"value":"\/Date(2)\/","Extra":1})");
  }
}

TEST(JsonWriter, NotesOnScalarsAndCollections) {
  Graph graph;
  const auto with_note = [&](Object object) {
    object.extended = {{"Extra", Value::int32(1)}};
    return Value::object_ref(graph.add(std::move(object)));
  };
  Object number;
  number.base = Value::int32(5);
  EXPECT_EQ(compressed(graph, {with_note(number)}), R"({"value":5,"Extra":1})");
  Object date;
  date.base = Value::make(Kind::date_time, "1999-10-09T00:00:00");
  EXPECT_EQ(compressed(graph, {with_note(date)}), R"("1999-10-09T00:00:00")");
  Object items;
  items.collection =
      Collection{.form = Collection::Form::queue, .items = {Value::int32(2)}, .entries = {}};
  EXPECT_EQ(compressed(graph, {with_note(items)}), R"({"value":[2],"Extra":1})");
  Object pairs;
  pairs.collection = Collection{.form = Collection::Form::dictionary,
                                .items = {},
                                .entries = {{Value::int32(7), Value::string("seven")}}};
  EXPECT_EQ(compressed(graph, {with_note(pairs)}), R"({"7":"seven","Extra":1})");
  Object empty;
  empty.collection = Collection{.form = Collection::Form::dictionary, .items = {}, .entries = {}};
  EXPECT_EQ(compressed(graph, {Value::object_ref(graph.add(empty))}), "{}");
}

TEST(JsonWriter, NestedBaseObjectAndOverriddenProperty) {
  Graph graph;
  Object inner;
  inner.adapted = {{"Name", Value::string("adapted")}, {"Other", Value::int32(1)}};
  Object outer;
  outer.base = Value::object_ref(graph.add(std::move(inner)));
  outer.extended = {{"name", Value::string("extended")}};
  EXPECT_EQ(compressed(graph, {Value::object_ref(graph.add(std::move(outer)))}),
            R"({"name":"extended","Other":1})");
}

TEST(JsonWriter, SecretsAreNeverShown) {
  Graph graph;
  EXPECT_EQ(
      compressed(graph, {custom(graph, {{"Secret", Value::make(Kind::secure_string, "0100")}})}),
      R"({"Secret":"System.Security.SecureString"})");
}

TEST(JsonWriter, ScalarsThatAreNoneStayText) {
  Graph graph;
  EXPECT_EQ(
      compressed(graph, {Value::make(Kind::time_span, "soon"), Value::make(Kind::version, "v1"),
                         Value::make(Kind::int32, "x"), Value::make(Kind::double_float, "INF")}),
      R"(["soon","v1","x","Infinity"])");
}

}  // namespace
}  // namespace sfb::json
